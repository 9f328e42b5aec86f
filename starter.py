#!/usr/bin/env python3
"""Certpath's command line, for the people who run the programme: `./starter.py --help`."""

import os
import signal


def _interrupted(*_: object) -> None:
    """Until a verb has something to clean up, and says how, Ctrl-C ends the process: no import is torn in two."""
    try:
        os.write(2, b"Interrupted.\n")
    finally:
        os._exit(130)


signal.signal(signal.SIGINT, _interrupted)

from runtime.venv import reexec  # noqa: E402

reexec()

from cli.main import main  # noqa: E402 - only in the right interpreter

if __name__ == "__main__":
    main()
