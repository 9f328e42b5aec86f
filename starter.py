#!/usr/bin/env python3
"""Certpath's command line, for the people who run the programme: `./starter.py --help`."""

import os
import signal


def _interrupted(*_: object) -> None:
    """Ends the process at Ctrl-C, without the exception that could stop an import half way.

    A verb that has something to clean up sets a handler of its own.
    """
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
