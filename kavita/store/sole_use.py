"""SQLite is for one process on one machine: who writes takes a lock beside the book's file.

The lock is the operating system's, so it ends with the process, however that ends. Network file
systems are refused, for their locks cannot be relied upon.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Protocol

import psutil  # type: ignore[import-untyped]
from filelock import FileLock, Timeout

from kavita.store.database import StoreUnavailable, sqlite_file

USE_POSTGRESQL = "keep the book in PostgreSQL (DATABASE_URL=postgresql://user:password@host/name)"

NETWORK = {
    **dict.fromkeys(("nfs", "nfs4"), "NFS"),
    **dict.fromkeys(("cifs", "smb", "smb2", "smb3", "smbfs", "fuse.smbnetfs"), "SMB"),
    "9p": "9p",
    **dict.fromkeys(("fuse.sshfs", "osxfuse.sshfs", "macfuse.sshfs"), "sshfs"),
    **dict.fromkeys(("afs", "fuse.afs", "afpfs"), "AFS"),
    **dict.fromkeys(("ceph", "fuse.ceph", "fuse.ceph-fuse"), "Ceph"),
    **dict.fromkeys(("glusterfs", "fuse.glusterfs"), "Gluster"),
    "lustre": "Lustre",
}
"""Types of network file systems as machines name them, and as people do."""


class Partition(Protocol):
    """A mounted file system, as psutil describes it."""

    mountpoint: str
    fstype: str
    opts: str


@contextmanager
def sole_use(url: str) -> Iterator[None]:
    """Be the only one who may write the book at `url`; PostgreSQL and books in memory need it not.

    Raises StoreUnavailable when another process is, and on a network file system.
    """
    file = sqlite_file(url)
    if file is None:
        yield
        return
    _refuse_network(file)
    lock = FileLock(f"{file}.lock", mode=0o600, fallback_to_soft=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise StoreUnavailable(
            f"The appointment book (SQLite, {file}) is in use by another Kavita, and SQLite is for "
            f"one process only. Stop the other one; or, to use several, {USE_POSTGRESQL}."
        ) from None
    except OSError as error:
        raise StoreUnavailable(
            f"The appointment book (SQLite, {file}) cannot be locked: {error.strerror}"
        ) from error
    try:
        yield
    finally:
        lock.release()


def network_file_system(file: PurePath, partitions: Sequence[Partition]) -> str | None:
    """Return what network file system a file with its whole path is on; None: on none."""
    if file.drive.startswith("\\\\"):
        return "a network share"
    found, depth = None, 0
    for partition in partitions:
        mounted = type(file)(partition.mountpoint)
        if file.is_relative_to(mounted) and len(mounted.parts) >= depth:  # the last one hides
            found, depth = partition, len(mounted.parts)
    if found is None:
        return None
    is_remote = "remote" in found.opts.split(",")
    return NETWORK.get(found.fstype.lower(), "a network drive" if is_remote else None)


def _refuse_network(file: Path) -> None:
    kind = network_file_system(file, psutil.disk_partitions(all=True))
    if kind is not None:
        raise StoreUnavailable(
            f"The appointment book (SQLite, {file}) is on a network file system ({kind}), where "
            f"SQLite loses data. Put it on a disk of this machine, or {USE_POSTGRESQL}."
        )
