"""The words of the contract as typed values: statuses, attention, alarms, reasons for a hold, refusal codes.

Code compares these values and never a sentence. `views/words.py` has the words for people. This module imports only a
little of the standard library, so that the command line, which must start fast, can use it too.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Where a candidacy stands, in the order of a candidate's life. The contract says what each status means."""

    AWAITING_PURCHASE = "awaiting_purchase"
    TESTING = "testing"
    SETTLING = "settling"
    AWAITING_REVIEW = "awaiting_review"
    AWAITING_EXPERIENCE = "awaiting_experience"
    CERTIFIED = "certified"
    RECERTIFYING = "recertifying"
    GRACE = "grace"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"

    @property
    def closed(self) -> bool:
        """Whether the candidacy has ended for good."""
        return self in CLOSED

    @property
    def words(self) -> str:
        """The status as a phrase, e.g. `timed out`."""
        return self.value.replace("_", " ")


CLOSED = (
    Status.ABANDONED,
    Status.TIMED_OUT,
    Status.REFUSED,
    Status.WITHDRAWN,
    Status.REVOKED,
    Status.SUPERSEDED,
    Status.EXPIRED,
)
"""The statuses of a candidacy that has ended."""


class AttentionKind(StrEnum):
    """Why a person's attention is asked for (rule 27)."""

    HELD_RESULT = "held-result"
    REFUSED_MESSAGE = "refused-message"
    NOTICE_UNDELIVERABLE = "notice-undeliverable"
    SUSPENSION_UNRESOLVED = "suspension-unresolved"
    REVIEW_WAITING = "review-waiting"
    LOWER_NOT_IN_FORCE = "lower-not-in-force"
    ADVANCEMENT_REFUSED = "advancement-refused"
    CANCEL_REFUSED = "cancel-refused"
    SCHEME_NOT_LOADED = "scheme-not-loaded"
    REQUIREMENT_UNDONE = "requirement-undone"


class Attention(NamedTuple):
    """One attention value: its kind and, for a held result, the result's id. Written `held-result:R-7`."""

    kind: AttentionKind
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}" if self.subject else str(self.kind)

    @classmethod
    def parse(cls, text: str) -> Attention:
        """The attention value that is written as this text.

        Raises:
            ValueError: there is no such kind of attention.
        """
        kind, _, subject = text.partition(":")
        return cls(AttentionKind(kind), subject)


class AlarmKind(StrEnum):
    """What an alarm is for: a deadline or an expiry, a reminder, or a question that must be asked."""

    ABANDON = "abandon"
    WINDOW = "window"
    SETTLED = "settled"
    EXHAUSTED = "exhausted"
    REMINDER = "reminder"
    EXPERIENCE = "experience"
    REVISION = "revision"
    REVISION_SETTLED = "revision-settled"
    EXPIRY = "expiry"
    LAPSE = "lapse"
    END = "end"
    RENEWAL_SETTLED = "renewal-settled"
    SUSPENSION = "suspension"
    CERTIFICATE_REMINDER = "certificate-reminder"
    RECERTIFICATION = "recertification"
    LOWER = "lower"


REMINDERS = (AlarmKind.REMINDER, AlarmKind.CERTIFICATE_REMINDER)
"""The alarms that only remind. Of several that were missed, only the newest goes out (rule 5)."""


class UndeliveredCause(StrEnum):
    """Why a notice was not delivered: each cause asks for another remedy."""

    REFUSED = "refused"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"
    CLOSED = "closed"


class HoldReason(StrEnum):
    """Why a result is held for a person to decide (rules 8, 10, 11, 13)."""

    BEFORE_PURCHASE = "before-purchase"
    TOO_EARLY = "too-early"
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    CONFLICT = "conflict"
    FLAG_CONTRADICTS_SCORE = "flag-contradicts-score"
    UNSCORED = "unscored"
    AFTER_CERTIFICATION = "after-certification"


class ProblemCode(StrEnum):
    """What is wrong with a field, for our own programs: `feeds/` explains some of them in other words."""

    FUTURE = "future"
    NO_SCORE = "no_score"
    ENDS_BEFORE_START = "ends_before_start"
    FORBIDDEN_CHARACTER = "forbidden_character"
    GIVEN_TWICE = "given_twice"


def with_code(reason: str, code: str) -> str:
    """The message of a refusal as it goes to the sender: `temporal` prints the message, and none of the details."""
    return f"{reason} (code: {code})"


def without_code(message: str, code: str | None) -> str:
    """The reason in the message of a refusal. An older worker sends it without the code."""
    return message.removesuffix(f" (code: {code})")


class RefusalCode(StrEnum):
    """Why a message is refused. The contract says when each code is used."""

    ADVANCEMENT_UNDER_WAY = "advancement-under-way"
    ALREADY_CERTIFIED = "already-certified"
    ALREADY_CONFIRMED = "already-confirmed"
    ALREADY_HELD = "already-held"
    ALREADY_PASSED = "already-passed"
    ALREADY_SUSPENDED = "already-suspended"
    BELOW_PASSING_SCORE = "below-passing-score"
    CANNOT_ACKNOWLEDGE = "cannot-acknowledge"
    CANNOT_SCORE = "cannot-score"
    CLOSED = "closed"
    DEADLINE_IN_THE_PAST = "deadline-in-the-past"
    ENDED = "ended"
    EVIDENCE_OUTSIDE_CYCLE = "evidence-outside-cycle"
    EXTENSION_CANNOT_HELP = "extension-cannot-help"
    EXTENSION_TOO_LONG = "extension-too-long"
    MESSAGE_ID_REUSED = "message-id-reused"
    NEWER_REVISION = "newer-revision"
    NO_ADVANCEMENT = "no-advancement"
    NO_ASSESSMENTS = "no-assessments"
    NO_REVISION_LEFT = "no-revision-left"
    NO_SUCH_ATTENTION = "no-such-attention"
    NOT_A_HOLDER = "not-a-holder"
    NOT_HELD = "not-held"
    NOT_IN_FORCE = "not-in-force"
    NOT_LATER = "not-later"
    NOT_REGISTERED = "not-registered"
    NOT_REQUESTED = "not-requested"
    NOT_REQUIRED = "not-required"
    NOT_SUSPENDED = "not-suspended"
    NOT_UNDER_REVIEW = "not-under-review"
    NOTE_REQUIRED = "note-required"
    OUTSIDE_WINDOW = "outside-window"
    OWN_REVIEWER = "own-reviewer"
    PURCHASE_NOT_CONFIRMED = "purchase-not-confirmed"
    REVISION_OVERDUE = "revision-overdue"
    SUBMISSION_KNOWN = "submission-known"
    TOO_LITTLE_EVIDENCE = "too-little-evidence"
    TOO_MANY_HELD = "too-many-held"
    UNDER_REVIEW = "under-review"
    WHICH_HOLD = "which-hold"
    WHICH_REVISION = "which-revision"
    WINDOW_ENDED = "window-ended"
    WINDOW_NOT_OPEN = "window-not-open"
    # These two stand on the timeline only: a message that cannot be understood, and a holder's cancelled workflow.
    INVALID_MESSAGE = "invalid-message"
    HOLDER = "holder"
