#!/usr/bin/env python3
"""Certpath's command line, for the people who run the programme: `./starter.py --help`."""

from runtime.interrupts import end_at_once

# Before the other imports: Ctrl-C in the middle of an import must not end in a traceback.
end_at_once()

from runtime.venv import reexec  # noqa: E402

reexec()

from cli.main import main  # noqa: E402 - only in the right interpreter

if __name__ == "__main__":
    main()
