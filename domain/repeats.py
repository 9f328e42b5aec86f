"""What comes again (R7, R16): the same is a duplicate; what is not the same is refused, and what differs is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from domain import calendar
from domain.decision import Decision, Refused
from domain.state import Verdict
from domain.texts import folded, without_addresses
from domain.types import Score
from domain.vocabulary import RefusalCode

MAX_VERDICTS = 20


def same_text(known: str, given: str) -> bool:
    """Whether a text in an event is the text that a message gives, compared as R16 says."""
    return folded(known) == folded(without_addresses(given))


def same_person(known: str, given: str) -> bool:
    """Whether the decider in an event is the one that a message names; case is ignored."""
    return folded(known).casefold() == folded(without_addresses(given)).casefold()


def differing(known: Mapping[str, object], given: Mapping[str, object]) -> tuple[str, ...]:
    """The fields that are given, and are not as they are known. A field that is not given (None) does not differ."""
    return tuple(field for field, value in given.items() if value is not None and value != known.get(field))


def listed(fields: tuple[str, ...]) -> str:
    """The fields in a sentence: `uri`, `uri and sha256`."""
    return " and ".join(filter(None, (", ".join(fields[:-1]), *fields[-1:])))


# --- verdicts -----------------------------------------------------------------------------------------------


def given_before(
    decision: Decision, known: Verdict | None, what: str, verdict: str, by: str, percentage: Decimal | None = None
) -> bool:
    """Whether a submission has this very verdict already, by the same person; the comments do not count (R7).

    Args:
        known: the verdict that the submission has; None while it has none.
        what: the submission, as the beginning of a sentence: `the work product W-1`.

    Raises:
        Refused: it has another verdict, or the same one by somebody else.
    """
    if known is None:
        return False
    score = Score(points=percentage) if percentage is not None else None
    if known.verdict == verdict and same_person(known.by, by) and _same_score(known.score, score):
        return True
    scored = f" with {known.score.shown} %" if known.score else ""
    decided_on = calendar.day_of(known.at, decision.state.zone)
    raise Refused(
        RefusalCode.NOT_UNDER_REVIEW,
        f"{what} is decided already: {known.verdict}{scored}, by {known.by} on {decided_on}",
    )


def remembering(
    known: Mapping[str, Verdict], submission_id: str, verdict: str, by: str, at: datetime, score: Score | None = None
) -> dict[str, Verdict]:
    """The verdicts with this one added; only the newest are remembered."""
    newest = {**known, submission_id: Verdict(verdict=verdict, by=by, at=at, score=score)}
    return dict(list(newest.items())[-MAX_VERDICTS:])


def _same_score(known: Score | None, given: Score | None) -> bool:
    return (known.fraction if known else None) == (given.fraction if given else None)
