#!/usr/bin/env python3
"""Certpath's command line, for the people who run the programme: `./starter.py --help`."""

import os
import signal

# Ctrl-C while modules are still being imported: nothing has been done, so nothing needs a traceback.
signal.signal(signal.SIGINT, lambda *_: os._exit(130))

from runtime.venv import reexec  # noqa: E402

reexec()

from cli.main import main  # noqa: E402 - only in the right interpreter

if __name__ == "__main__":
    main()
