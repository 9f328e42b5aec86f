"""Runs a command that ends with the process that asked for it, even if that process is killed.

    python -I -S leashed.py PARENT_PID SIGNAL USER COMMAND [ARGUMENT…]

On Linux the kernel sends the signal to the command when its parent has ended. This is a script of its own, with the
standard library alone, because nothing but a signal-safe call may stand between fork and exec in a process that has
threads. The command keeps the process id of this script.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1


def leashed(command: list[str], *, user: str | None = None, ending: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command line that runs this command on the leash of the calling process.

    The server's and the worker's files are made to withstand a power cut, so these withstand being killed.

    Args:
        command: the program, by its path, and its arguments.
        user: the user who runs it, if that is not the user of the calling process, which must then be root.
        ending: the signal that it gets when the calling process has ended.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(ending)), user or "", *command]


def _main(parent: int, ending: int, user: str, command: list[str]) -> None:
    if user:
        _become(user)  # first, because the kernel forgets the signal when the user changes
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # without it, the command runs as it would anywhere else
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ending)
        if os.getppid() != parent:
            sys.exit(1)  # the parent has ended before the call, so no signal will come
    os.execv(command[0], command)


def _become(user: str) -> None:
    known = pwd.getpwnam(user)
    os.initgroups(user, known.pw_gid)
    os.setgid(known.pw_gid)
    os.setuid(known.pw_uid)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
