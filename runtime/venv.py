"""Lets `./starter.py` and `./worker.py` run under any Python by moving into the checkout's `.venv`."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

_VENV = Path(__file__).resolve().parent.parent / ".venv"


def reexec() -> None:
    """Start this very command again in the checkout's `.venv`, unless the packages are at hand already.

    Call it before any other import of ours. Ends the process with code 2 and one line where
    there is neither an installed `temporalio` nor a `.venv` to move into.
    """
    # Blocked while one interpreter gave way to the other; whoever calls has a handler by now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if importlib.util.find_spec("temporalio") is not None:
        return
    python = _VENV / "bin" / "python"
    # An incomplete .venv must not start itself for ever.
    if python.exists() and Path(sys.prefix).resolve() != _VENV:
        # An interpreter that is interrupted while it starts dies with a traceback.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        os.execv(python, [str(python), *sys.orig_argv[1:]])
    sys.stderr.write(f"The Python packages are not installed: run `make setup` in {_VENV.parent} first.\n")
    raise SystemExit(2)
