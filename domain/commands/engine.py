"""Commands that the engine gives itself. They are no messages: nobody can send them."""

from __future__ import annotations

from datetime import datetime

from domain.commands.base import Command
from domain.commands.registration import AdvancesFrom, Experience, Purchase
from domain.scheme import PinnedProgramme
from domain.vocabulary import AlarmKind, RefusalCode, UndeliveredCause


class Register(Command):
    """Opens the candidacy, after its scheme was loaded. `enrolment` is an id unique to it, without personal data."""

    workflow_id: str
    enrolment: str
    candidate_id: str
    designation: str
    programme: PinnedProgramme
    purchase: Purchase | None = None
    experience: Experience | None = None
    advances_from: AdvancesFrom | None = None


class RingAlarm(Command):
    """Handles an alarm that is due; the code calls this ringing the alarm.

    `due` is the instant (UTC) for which the alarm was set. `subject` is the domain of an alarm about one assessment.
    """

    kind: AlarmKind
    due: datetime
    subject: str = ""


class AnswerAdvancement(Command):
    """Reports whether the workflow of the higher designation is open. `refusal` says why it could not be opened."""

    workflow_id: str
    refusal: str | None = None


class RefuseMessage(Command):
    """Records on the timeline a message that was refused or could not be parsed (rule 27)."""

    message: str
    code: RefusalCode
    reason: str
    from_signal: bool
    sha256: str
    excerpt: str
    message_id: str | None = None


class ReportUndeliverable(Command):
    """Reports a notice that could not be delivered. `about` is the sequence number of the event that it was about.

    `cause` says what kind of reason it is, because each asks for something else.
    """

    notice: str
    about: int
    reason: str
    cause: UndeliveredCause = UndeliveredCause.REFUSED


class ReportSuperseded(Command):
    """Reports a notice that gave way, before it was sent, to a newer one about the same subject (R20).

    `about` and `newer` are the sequence numbers of the events that the two notices are about.
    """

    notice: str
    about: int
    newer: int


class Cancel(Command):
    """The workflow was cancelled in the Temporal UI or by a client (rule 21)."""
