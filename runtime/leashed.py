"""Runs a command that ends with the process that asked for it, even if that process is killed.

    python -I -S leashed.py PARENT_PID COMMAND [ARGUMENT…]

On Linux the kernel kills the command when its parent has ended. This is a script of its own, with the standard library
alone, because nothing but a signal-safe call may stand between fork and exec in a process that has threads. The command
keeps the process id of this script.
"""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def leashed(command: list[str]) -> list[str]:
    """The command line that runs this command on the leash of the calling process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def _main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # without it, the command runs as it would anywhere else
            # The server's and the worker's files are made to withstand a power cut, so they withstand this.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)  # the parent has ended before the call, so no signal will come
    os.execv(command[0], command)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
