"""`python main.py` is the same as `kavita serve`."""

from kavita.cli import serve_default

if __name__ == "__main__":
    serve_default()
