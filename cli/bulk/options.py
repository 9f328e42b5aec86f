"""The options of every bulk verb."""

import argparse
from pathlib import Path

AT_ONCE = 16


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them to a verb's parser."""
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    parser.add_argument("--outcome", type=Path, metavar="OUTCOMES", help="the outcome file, in place of the default")
    parser.add_argument("--at-once", type=_at_once, default=AT_ONCE, metavar="N", help=f"default {AT_ONCE}, up to 200")
    parser.add_argument("--json", action="store_true", help="print a summary as one JSON document")


def _at_once(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 200):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 200")
    return int(text)
