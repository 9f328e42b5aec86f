"""Arguments that many verbs share, for argparse: the words that name a candidacy, and lengths of time."""

import argparse
import re
from datetime import timedelta

from domain.identity import WORD

_SPAN = re.compile(r"([0-9]+)([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MOST = 9999


def word(text: str) -> str:
    """A candidate id or designation, checked."""
    if not WORD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r}: use 1 to 64 letters, digits, dots, underscores and hyphens")
    return text


def add_candidacy(parser: argparse.ArgumentParser) -> None:
    """The two words that name a candidacy."""
    parser.add_argument("candidate", type=word, metavar="CANDIDATE", help="candidate id, e.g. C-1001")
    parser.add_argument("designation", type=word, metavar="DESIGNATION", help="e.g. CCSL")


def span(text: str) -> timedelta:
    """A length of time: a number with h, d or w."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number with h, d or w, e.g. 30d")
    if len(found[1]) > len(str(_MOST)):
        raise argparse.ArgumentTypeError(f"{text!r} is too long: at most {_MOST}{found[2]}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
