"""`python -m kavita` is the same as `kavita`."""

from kavita.cli import main

if __name__ == "__main__":
    main()
