"""The erasure of personal data (rule 25): when the scheme allows it, and what the one who erases must say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from domain import calendar
from domain.texts import plain_letters
from domain.types import Frozen, Name, Text


class Erasure(Frozen):
    """Who erases, and why. Both stand on the timeline for good, so they must not name the person (`naming`)."""

    by: Name
    reason: Text


def erasable_from(after_closing_months: int | None, closed_at: datetime, zone: str) -> date | None:
    """The first day in the zone on which personal data may be erased; None where the scheme does not allow it.

    Only those of a candidacy that has closed: who takes part, or holds a certificate, must be reachable.
    `after_closing_months` is the number of the scheme.
    """
    if after_closing_months is None:
        return None
    return calendar.add_months(calendar.day_of(closed_at, zone), after_closing_months)


def naming(text: str, names: Iterable[str]) -> str | None:
    """The first of these names that stands in the text, word by word, whatever the case and accents; None without."""
    words = _words(text)
    for name in names:
        wanted = _words(name)
        if wanted and any(words[at : at + len(wanted)] == wanted for at in range(len(words))):
            return name
    return None


def _words(text: str) -> list[str]:
    apart = "".join(letter if letter.isalnum() else " " for letter in plain_letters(text))
    return apart.split()
