"""The one table of words for statuses and attention values. The words are shown to people and never compared.

This module imports only the standard library and `domain.vocabulary`, because the command line must start fast.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.vocabulary import Attention, AttentionKind, RefusalCode, Status, UndeliveredCause


class StatusWords(NamedTuple):
    """The words of one status. They are true on both paths, and for every candidacy that has the status.

    Attributes:
        means: explains the status in a list.
        stands: the same after a candidate's id: "C-1001 is certified".
        turn: who acts next, or what is awaited, when nothing asks for attention.
        deadline: what happens at the next deadline.
    """

    means: str
    stands: str = ""
    turn: str = "the engine goes on by itself"
    deadline: str = "a deadline"


_EVIDENCE = "the holder's evidence is awaited (`submit_recertification`)"

STATUSES: dict[Status, StatusWords] = {
    Status.AWAITING_PURCHASE: StatusWords(
        "waits for the purchase to be confirmed",
        "waits for the purchase to be confirmed",
        "the purchase is awaited (`confirm_purchase`)",
        "the candidacy is abandoned unless the purchase is confirmed",
    ),
    Status.TESTING: StatusWords(
        "the testing window is open",
        "is inside the testing window",
        "it is the candidate's turn",
        "the testing window closes, or a revised work product is due",
    ),
    Status.SETTLING: StatusWords(
        "the window is over or the attempts are used up; what was done in time may still arrive",
        "is in the settlement: what was done in time may still arrive",
        "what was done in time may still arrive",
        "the settlement ends",
    ),
    Status.AWAITING_REVIEW: StatusWords(
        "the work product is under review; no assessment is missing",
        "waits for the review of the work product; no assessment is missing",
        "the reviewer's verdict is awaited (`review_work_product`)",
        "the testing window or its settlement ends",
    ),
    Status.AWAITING_EXPERIENCE: StatusWords(
        "everything is met but the experience",
        "has everything but the experience",
        "the experience is awaited",
        "the testing window closes",
    ),
    Status.CERTIFIED: StatusWords(
        "certified",
        "is certified",
        "the certificate runs",
        "the certificate expires",
    ),
    Status.RECERTIFYING: StatusWords(
        "certified, the recertification window is open",
        "is certified; the recertification window is open",
        _EVIDENCE,
        "the certificate expires",
    ),
    Status.GRACE: StatusWords(
        "not certified: expired, may still recertify as if in time",
        "is **not certified**: the certificate has expired, and can be renewed as if in time",
        _EVIDENCE,
        "the grace period ends and the certification lapses",
    ),
    Status.LAPSED: StatusWords(
        "not certified: lapsed, may come back with a gap until the last day of renewal",
        "is **not certified**: the certification has lapsed, and can be renewed with a gap",
        _EVIDENCE,
        "the certification ends for good",
    ),
    Status.SUSPENDED: StatusWords(
        "not certified: suspended",
        "is **not certified**: the certificate is suspended",
        deadline="the suspended certificate's next deadline",
    ),
    Status.ABANDONED: StatusWords("closed, the purchase was never confirmed"),
    Status.TIMED_OUT: StatusWords("closed, the testing window has ended without a certificate"),
    Status.REFUSED: StatusWords("closed, the attempts or the work products are used up"),
    Status.WITHDRAWN: StatusWords("closed, withdrawn by the person or by the office"),
    Status.REVOKED: StatusWords("closed, the certificate was revoked"),
    Status.SUPERSEDED: StatusWords("closed, a higher certificate took its place"),
    Status.EXPIRED: StatusWords("closed, the certification has ended"),
}

READY = StatusWords(
    "everything is met; the lower certificate is to give way",
    "has met every requirement; the lower certificate is to give way",
    "the lower certificate is asked to give way",
)
"""The words of an advancement that meets every requirement, whatever its status is (rule 23)."""

RENEWAL_OVER = StatusWords(
    "not certified: the time for renewal is over",
    "is **not certified**: the certification has lapsed, and the time for renewal is over",
    "what was submitted by {} may still arrive, as `submit_recertification` with its `submitted_at`",
    "the certification ends for good",
)
"""The words of a lapsed certification after the last day of renewal (R5). `turn` has a place for that day."""


class AttentionWords(NamedTuple):
    """The words of one kind of attention.

    Attributes:
        advice: what to do, with the messages of the contract.
        command: what settles it on the command line, after `./starter.py`. `{who}` stands for the candidacy, `{value}`
            for the attention value, `{subject}` for the text after its colon, `{hold}` for the flag that
            names the hold, where one is needed. The person who copies the command fills
            in the gaps, such as `'<who>'`; an unfilled gap is refused.
        about: what has happened, where nothing more precise is known.
    """

    advice: str
    command: str
    about: str = ""


_ACKNOWLEDGE = "acknowledge {who} --attention {value} --by '<who>'"

ATTENTION: dict[AttentionKind, AttentionWords] = {
    AttentionKind.HELD_RESULT: AttentionWords(
        "decide with `resolve_held_result` (accept or reject, with `by` and `reason`)",
        "hold resolve {who} --result-id {subject}{hold} --decision {decision} --by '<who>' --reason '<why>'",
    ),
    AttentionKind.REFUSED_MESSAGE: AttentionWords(
        "read it with `timeline` (in the Temporal UI: the tab Queries), send it again corrected, then `acknowledge`",
        _ACKNOWLEDGE,
    ),
    AttentionKind.NOTICE_UNDELIVERABLE: AttentionWords(
        "correct the e-mail address with `update_contact`, or `acknowledge`",
        "contact {who} --email '<address>'",
        "a notice to the candidate could not be delivered",
    ),
    AttentionKind.SUSPENSION_UNRESOLVED: AttentionWords(
        "send `reinstate` or `revoke`",
        "reinstate {who} --reason '<why>' --by '<who>'",
    ),
    AttentionKind.REVIEW_WAITING: AttentionWords(
        "send the reviewer's verdict: `review_work_product` or `review_recertification`",
        "{review} {who} --submission-id {submission} --reviewer '<who>' --verdict {verdict}",
    ),
    AttentionKind.LOWER_NOT_IN_FORCE: AttentionWords(
        "look at the lower certificate: suspended, it needs `reinstate`; expired, a recertification; closed, it never"
        " gives way, so `withdraw` this candidacy",
        "status {lower}",
    ),
    AttentionKind.ADVANCEMENT_REFUSED: AttentionWords(
        "look at the candidacy for the higher designation, or at the scheme if that is the reason; then ask again or"
        " `acknowledge`",
        "status {higher}",
        "the candidacy for the higher designation could not be opened",
    ),
    AttentionKind.CANCEL_REFUSED: AttentionWords(
        "send `withdraw` or `revoke` instead of cancelling, or `acknowledge`",
        _ACKNOWLEDGE,
        "somebody cancelled this workflow, which takes no certificate away",
    ),
    AttentionKind.SCHEME_NOT_LOADED: AttentionWords(
        "mend the scheme file; the running cycle keeps the scheme pinned before; then `acknowledge`",
        _ACKNOWLEDGE,
        "the scheme could not be loaded when the recertification window opened",
    ),
    AttentionKind.REQUIREMENT_UNDONE: AttentionWords(
        "look at the accepted correction on the timeline; then `revoke`, or `acknowledge` with a `note` that says why"
        " the certificate stands",
        "acknowledge {who} --attention {value} --by '<who>' --note '<why>'",
        "the certificate stands although an assessment is not passed any more",
    ),
}

UNDELIVERED: dict[UndeliveredCause, AttentionWords] = {
    UndeliveredCause.REFUSED: ATTENTION[AttentionKind.NOTICE_UNDELIVERABLE],
    UndeliveredCause.TOO_LATE: AttentionWords(
        "no mail went out for days: tell the people who run the worker, write to the candidate yourself, then"
        " `acknowledge`",
        _ACKNOWLEDGE,
    ),
    UndeliveredCause.TOO_MANY: AttentionWords(
        "find out what sends so many messages about this candidate, write to the candidate yourself about what was not"
        " sent, then `acknowledge`; nothing is wrong with the e-mail address",
        _ACKNOWLEDGE,
    ),
    UndeliveredCause.CLOSED: AttentionWords(
        "write to the candidate yourself, because it takes no messages", "person {who}"
    ),
}
"""The words of a notice that was not delivered, by the cause: only a refused one asks for another address.

A closed candidacy asks for no attention; the command line lists its notices with `undelivered`.
"""

_REJECT = "reject it with `resolve_held_result` (with `by` and `reason`)"

NOT_ACCEPTABLE: dict[RefusalCode, str] = {
    RefusalCode.PURCHASE_NOT_CONFIRMED: "confirm the purchase first (`confirm_purchase`): what was taken from its day"
    " on is then taken by itself; until then a held result can only be rejected (`resolve_held_result`)",
    RefusalCode.NEWER_REVISION: f"{_REJECT}: a newer revision stands, so it cannot be accepted",
    RefusalCode.OUTSIDE_WINDOW: f"{_REJECT}: it was taken after the testing window, so it cannot be accepted",
}
"""What to do about a held result that cannot be accepted, by the code with which accepting it would be refused."""

UNSCORED = (
    "put the answer key of its form in place, then accept it with `resolve_held_result` (with `by` and `reason`): it is"
    " scored anew, and without the key that is refused; or reject it"
)
"""What to do about a held result whose responses could not be scored."""

CONFIRM_PURCHASE = "confirm-purchase {who} --purchase-ref '<reference>'"
"""What settles a held result while the purchase is not confirmed, on the command line, after `./starter.py`."""

UNKNOWN_ATTENTION = AttentionWords(
    "see `timeline` (in the Temporal UI: the tab Queries), then `acknowledge`", _ACKNOWLEDGE, "see `timeline`"
)
"""The words for a kind of attention that only a newer build knows."""


def about_kind(kind: AttentionKind) -> AttentionWords:
    """The words of a kind of attention."""
    return ATTENTION.get(kind, UNKNOWN_ATTENTION)


def attention_of(value: str) -> Attention | None:
    """The attention value that is written so in the contract: `held-result:R-7`; None for a kind of a newer engine."""
    try:
        return Attention.parse(value)
    except ValueError:
        return None


def about_attention(value: str) -> AttentionWords:
    """The words of an attention value as the contract writes it, e.g. `held-result:R-7`, from any build."""
    known = attention_of(value)
    return about_kind(known.kind) if known else UNKNOWN_ATTENTION


def about_undelivered(cause: str | None) -> AttentionWords | None:
    """The words of a notice that was not delivered for this cause; None where there is none, or a newer build's."""
    return next((words for known, words in UNDELIVERED.items() if known == cause), None)


def about_status(value: str, *, ready: bool = False, renewal_over: bool = False) -> StatusWords:
    """The words of a status as the contract writes it; empty words for a status that only a newer build knows.

    `ready` and `renewal_over` say what the status does not: the words are then `READY` or `RENEWAL_OVER`.
    """
    if ready or renewal_over:
        return READY if ready else RENEWAL_OVER
    return next((words for known, words in STATUSES.items() if known == value), StatusWords(""))
