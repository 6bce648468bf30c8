"""The one writer of files: a reader sees the old content or the new, never a mix.

Serialise first, then: lock the folder against a second writer, check that the file is still the
one that was read, write a temporary file beside it, fsync, rename, fsync the folder. Mode bits
are kept; a link is followed to its file. Any fault leaves the old file and no temporary one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class WriteError(Exception):
    """A file could not be written; the old one, if any, is untouched. `path` names it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def digest(path: Path) -> str | None:
    """SHA-256 of a file's content, or None if it does not exist. Raises WriteError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to read a pipe would wait for ever
            raise WriteError(path, "is not a regular file")
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteError(path, f"cannot be read: {error.strerror or error}") from error


def write(path: Path, content: bytes, *, expected: str | None = None, guard: bool = False) -> None:
    """Replace a file by `content`. With `guard`, refuse unless the file's digest is `expected`
    (None: it must not exist). Raises WriteError."""
    target = Path(os.path.realpath(path))
    folder = target.parent
    try:
        with _locked(folder):
            if guard and digest(target) != expected:
                reason = "was changed by someone else since it was read; nothing written"
                raise WriteError(path, reason)
            _replace(target, content)
    except OSError as error:
        raise WriteError(path, f"cannot be written: {error.strerror or error}") from error


def make_folder(path: Path) -> None:
    """Make a folder and its parents. Raises WriteError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(path, f"cannot be made: {error.strerror or error}") from error


def _replace(target: Path, content: bytes) -> None:
    try:
        held = os.stat(target)
    except FileNotFoundError:
        mode = 0o666 & ~_umask()
    else:
        if not stat.S_ISREG(held.st_mode):
            raise WriteError(target, "is not a regular file")
        mode = stat.S_IMODE(held.st_mode)
    prefix = f".{target.name[:60]}."
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel frees it even if the process is killed."""
    if sys.platform == "win32":  # no flock there; the rename itself is still atomic
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the rename last. The new file is there already and some file systems cannot sync a
    folder, so a fault here must not be told as though nothing had been written."""
    if sys.platform == "win32":  # a folder cannot be opened there
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
