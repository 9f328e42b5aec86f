"""Files that their owner alone may read, because ids, reasons or whole candidacies stand in them."""

import fcntl
import os
import stat
from pathlib import Path

OWNER_ALONE = stat.S_IRUSR | stat.S_IWUSR


def opener(path: str, flags: int) -> int:
    """For `open(…, opener=opener)`: a file that is made is readable by its owner alone."""
    return os.open(path, flags, OWNER_ALONE)


def hold(number: int) -> bool:
    """Whether nobody else holds this open file; from now on this process does, until it closes it or ends.

    On a file system without locks nobody can know, and the answer is true.
    """
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def take_from_others(path: Path) -> None:
    """Lets the owner alone read a file that is there already, perhaps from an older build, if it is ours.

    Raises:
        OSError: the file is ours, and its mode cannot be changed.
    """
    if path.is_file() and path.stat().st_uid == os.getuid():
        path.chmod(OWNER_ALONE)
