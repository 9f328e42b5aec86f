"""Inquiries: what must be found out before a command is decided, and the answers.

Inquiries are data. A matter says which of its commands and alarms need one. The shell has an activity find the answer
and hands it to the decision, which stays a pure function. A new inquiry needs a class here, a line in the table of
its matter, and the call that asks it (`workflows/calls.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.scheme import Programme
from domain.types import Score
from domain.vocabulary import AlarmKind

# --- the inquiries ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadProgramme:
    """Asks for a designation's programme in the scheme that is in force now (rules 18, 22)."""

    designation: str


@dataclass(frozen=True, slots=True)
class ScoreResponses:
    """Asks to mark the responses to a form against its answer key (rule 8).

    `hold` is the number of the hold whose result gave these responses; None for a result that has just arrived.
    """

    form: str
    domain: str
    responses: Mapping[str, str]
    hold: int | None = None


@dataclass(frozen=True, slots=True)
class AskLower:
    """Asks the lower certificate to give way to the higher one (rule 23)."""

    workflow_id: str
    by_workflow_id: str
    by_number: str


Inquiry = LoadProgramme | ScoreResponses | AskLower


# --- the answers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProgrammeLoaded:
    """The programme; None if the scheme could not be loaded in time."""

    programme: Programme | None


@dataclass(frozen=True, slots=True)
class ResponsesScored:
    """The score, or in `unscored` why there is none. `hold` is the one of the inquiry."""

    score: Score | None = None
    unscored: str = ""
    hold: int | None = None


@dataclass(frozen=True, slots=True)
class LowerAnswer:
    """The instant (UTC) at which the lower certificate gave way; None if it did not, and then `reason` says why."""

    superseded_at: datetime | None
    reason: str = ""


Answer = ProgrammeLoaded | ResponsesScored | LowerAnswer


def rings_as(answer: Answer | None) -> AlarmKind | None:
    """The kind of alarm that an answer must be handled as, whichever alarm asked; None for the alarm that asked.

    Once the lower certificate has given way, it is gone for good and the higher one must be granted now, even if the
    alarm that asked was removed meanwhile.
    """
    if isinstance(answer, LowerAnswer) and answer.superseded_at:
        return AlarmKind.LOWER
    return None
