"""Only one process writes an SQLite book, and only on a disk of its own."""

import signal
import stat
import subprocess
import sys
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import NamedTuple

import pytest

from kavita.store.database import Database, StoreUnavailable
from kavita.store.sole_use import network_file_system, sole_use

HOLD = """
import sys, time
from kavita.store.sole_use import sole_use
with sole_use(sys.argv[1]):
    print("mine", flush=True)
    time.sleep(60)
"""


class Mounted(NamedTuple):
    mountpoint: str
    fstype: str
    opts: str = "rw"


def holder(url: str) -> subprocess.Popen[str]:
    """Another process that has the book."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def test_a_second_process_is_refused_and_told_of_postgresql(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.db'}"
    other = holder(url)
    try:
        with pytest.raises(StoreUnavailable, match=r"book\.db.*another Kavita.*PostgreSQL"):
            with sole_use(url):
                pass
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_dies_gives_the_book_back(tmp_path: Path, how: signal.Signals) -> None:
    url = f"sqlite:///{tmp_path / 'book.db'}"
    other = holder(url)
    other.send_signal(how)
    other.wait()
    with sole_use(url):
        pass


def test_the_book_can_be_had_again_after_use(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new folder' / 'book.db'}"
    for _ in range(2):
        with sole_use(url):
            database = Database(url)
            database.open()
            database.close()
    lock = tmp_path / "new folder" / "book.db.lock"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_another_name_of_the_same_file_is_the_same_book(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "book.db")
    (tmp_path / "book.db").touch()
    with sole_use(f"sqlite:///{tmp_path / 'book.db'}"):
        with pytest.raises(StoreUnavailable, match="another Kavita"):
            with sole_use(f"sqlite:///{tmp_path / 'link'}"):
                pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=r"file/book\.db.*cannot be locked"):
        with sole_use(f"sqlite:///{tmp_path / 'file' / 'book.db'}"):
            pass


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:b?uri=true", "postgresql://h/b"]
)
def test_books_elsewhere_need_no_lock(url: str, tmp_path: Path) -> None:
    with sole_use(url), sole_use(url):
        pass


def test_a_url_that_cannot_be_read_is_refused_as_ever() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        with sole_use("nonsense"):
            pass


DISK = Mounted("/", "ext4")


@pytest.mark.parametrize(
    ("file", "partitions", "expected"),
    [
        ("/data/book.db", [DISK], None),
        ("/data/book.db", [], None),
        ("/data/book.db", [DISK, Mounted("/data", "nfs4")], "NFS"),
        ("/data/book.db", [DISK, Mounted("/data", "nfs")], "NFS"),
        ("/database/book.db", [DISK, Mounted("/data", "nfs")], None),
        ("/data/disk/book.db", [Mounted("/data/disk", "xfs"), Mounted("/data", "nfs")], None),
        ("/data/book.db", [DISK, Mounted("/data", "ext4"), Mounted("/data", "cifs")], "SMB"),
        ("/data/book.db", [Mounted("/", "9p")], "9p"),
        ("/data/book.db", [DISK, Mounted("/data", "smb3")], "SMB"),
        ("/data/book.db", [DISK, Mounted("/data", "fuse.sshfs")], "sshfs"),
        ("/data/book.db", [DISK, Mounted("/data", "afs")], "AFS"),
        ("/data/book.db", [DISK, Mounted("/data", "ceph")], "Ceph"),
        ("/data/book.db", [DISK, Mounted("/data", "fuse.glusterfs")], "Gluster"),
        ("/data/book.db", [DISK, Mounted("/data", "lustre")], "Lustre"),
        ("/data/book.db", [DISK, Mounted("/data", "fuse.mergerfs")], None),
    ],
)
def test_network_file_systems_are_known_by_the_longest_mount_point(
    file: str, partitions: list[Mounted], expected: str | None
) -> None:
    assert network_file_system(PurePosixPath(file), partitions) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (PureWindowsPath(r"\\server\share\book.db"), "a network share"),
        (PureWindowsPath("//server/share/book.db"), "a network share"),
        (PureWindowsPath(r"z:\book.db"), "a network drive"),
        (PureWindowsPath(r"c:\kavita\book.db"), None),
    ],
)
def test_network_shares_of_windows_are_known(file: PurePath, expected: str | None) -> None:
    partitions = [Mounted("C:\\", "NTFS", "rw,fixed"), Mounted("Z:\\", "NTFS", "rw,remote")]
    assert network_file_system(file, partitions) == expected
