"""Holds the record's lock for writers until standard input ends: `python -m chaos.holding URL`."""

from __future__ import annotations

import sys

from record.database import open_database, writing

HELD = "held"
_PATIENCE_SECONDS = 60


def _main(url: str) -> None:
    with writing(open_database(url, _PATIENCE_SECONDS)):
        print(HELD, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main(sys.argv[1])
