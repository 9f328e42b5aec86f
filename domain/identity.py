"""Who is meant: what a candidate id and a designation look like, and the workflow id that is made of both.

This module imports the standard library alone, so that a client can use it without the domain's models.
"""

from __future__ import annotations

import re
from typing import NamedTuple

WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a candidate id or a designation looks like, as a whole."""

_PREFIX = "certification"
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


class Identity(NamedTuple):
    """The two words that name a candidacy."""

    designation: str
    candidate_id: str


def alike(identifier: str) -> str:
    """The same for ids that differ only in case, or in leading zeros of their numbers, which spreadsheets drop."""
    return _LEADING_ZEROS.sub("", identifier.casefold())


def workflow_id_of(designation: str, candidate_id: str) -> str:
    """The workflow id of a candidacy, as the contract has it."""
    return f"{_PREFIX}:{designation}:{candidate_id}"


def read_workflow_id(text: str) -> Identity:
    """The candidacy that this workflow id names.

    Raises:
        ValueError: it is not the workflow id of a candidacy.
    """
    prefix, _, rest = text.partition(":")
    designation, _, candidate_id = rest.partition(":")
    if prefix != _PREFIX or not WORD.fullmatch(designation) or not WORD.fullmatch(candidate_id):
        raise ValueError(f"{text!r} is not the workflow id of a candidacy")
    return Identity(designation, candidate_id)
