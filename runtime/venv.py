"""Lets `./starter.py` and `./worker.py` be started with any Python: they start again in the checkout's `.venv`."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

_VENV = Path(__file__).resolve().parent.parent / ".venv"


def reexec() -> None:
    """Start this command again in the checkout's `.venv`, unless the packages are installed already.

    Call this before any other import of ours. If `temporalio` is not installed and there is no `.venv`, it ends the
    process with exit code 2 and one line on stderr.
    """
    # Ctrl-C was blocked while this interpreter started (see below). The caller has set its handler by now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if importlib.util.find_spec("temporalio") is not None:
        return
    python = _VENV / "bin" / "python"
    # The second condition keeps an incomplete .venv from starting itself again without end.
    if python.exists() and Path(sys.prefix).resolve() != _VENV.resolve():
        # Blocked, because an interpreter that is interrupted while it starts ends with a traceback.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        os.execv(python, [str(python), *sys.orig_argv[1:]])
    sys.stderr.write(f"The Python packages are not installed: run `make setup` in {_VENV.parent} first.\n")
    raise SystemExit(2)
