"""Which process listens on a port of this machine, for an error that says what to end."""

import socket
from pathlib import Path
from typing import NamedTuple

_LISTENS = "0A"
_SHOWN = 100


class Listener(NamedTuple):
    """A process that listens on a port: its id and the beginning of its command line."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def listening(port: int) -> bool:
    """Whether something answers on this port of the loopback address."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listener(port: int) -> Listener | None:
    """The process that listens on this port; None where the system does not say so, or shows it to its owner alone."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(str(descriptor.readlink()) in inodes for descriptor in (process / "fd").iterdir()):
                return Listener(int(process.name), _command(process))
        except OSError:
            continue  # it has ended meanwhile, or it is somebody else's
    return None


def _inodes(port: int) -> list[str]:
    """The inodes of the sockets that listen on this port."""
    found = []
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, address, _, state, *_, inode = line.split()[:10]
            if state == _LISTENS and int(address.rpartition(":")[2], 16) == port:
                found.append(inode)
    return found


def _command(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    return "".join(mark if mark.isprintable() else "?" for mark in words.strip())[:_SHOWN]
