#!/usr/bin/env python3
"""Certpath's command line, for the people who run the programme: `./starter.py --help`."""

from runtime.venv import reexec

reexec()

from cli.main import main  # noqa: E402 - only in the right interpreter

if __name__ == "__main__":
    main()
