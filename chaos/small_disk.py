"""A file system of its own that is small enough to be filled: it is held in memory, and mounted for a run."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PIECES = (1 << 20, 1 << 12, 1)


class CannotMount(Exception):
    """This process may not mount a file system. The message says so."""


@dataclass(frozen=True)
class SmallDisk:
    """A file system that is mounted in a folder."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self) -> None:
        """Leaves no byte free. Whoever frees some space meanwhile keeps it until this is called again."""
        with self._filler.open("ab", buffering=0) as filler:
            for piece in _PIECES:
                with contextlib.suppress(OSError):  # there is no room for a piece of this size
                    while filler.write(bytes(piece)):
                        pass

    def free(self) -> None:
        """Gives the space back."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int, owner: str | None = None) -> Iterator[SmallDisk]:
    """A disk of this size in this empty folder, for the length of the block.

    Raises:
        CannotMount: only root may, and in some containers not even root.
    """
    whose = f",uid={owner}" if owner else ""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700{whose}", "certpath-chaos", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotMount(f"A full disk needs a small file system, and there is no mount here: {error}.") from error
    if done.returncode:
        raise CannotMount(f"A full disk needs a small file system, and it cannot be mounted: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
