"""The current details in the Temporal UI: where the candidate stands, what to do, what is next, and what is met.

The UI renders them as markdown. Everything that came from outside is put into them by `Markdown.format`, as text.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from domain import calendar, requirements, rulebook
from domain.matters import advancement
from domain.plurals import counted
from domain.state import State
from domain.stored import attention as attention_from
from domain.vocabulary import Attention, AttentionKind, Status, UndeliveredCause
from views import alarms as alarm_words
from views import words
from views.attention import attention_view
from views.markdown import Markdown, code
from views.status import AttentionView

# The UI puts the details into a URL, whose length is limited.
_SHOWN_ATTENTION = 10
_LINES = Markdown("\n")


def details(state: State, now: datetime) -> Markdown:
    """The current details of a candidacy at this instant (UTC). They hold no name and no e-mail address (rule 25)."""
    parts = [_standing(state), _to_do(state), _next(state, now), _requirements(state, now), _certificate(state)]
    return Markdown("\n\n").join(part for part in parts if part)


def _standing(state: State) -> Markdown:
    status = requirements.status(state)
    title = Markdown("{} ({})").format(state.programme.title, state.designation)
    if state.closed:
        return Markdown("### {} is closed: {}\n{}, status {}: {}. It takes no more messages.").format(
            state.candidate_id, status.words, title, code(status), state.closed_why or "see `timeline`"
        )
    standing = Markdown(words.about_status(status, **_beyond_the_status(state)).stands)
    path = Markdown(" on the advancement path") if state.path == "advancement" else Markdown("")
    return Markdown("### {} {}\n{}{}, status {}").format(state.candidate_id, standing, title, path, code(status))


def _beyond_the_status(state: State) -> dict[str, bool]:
    """What the words must say that the status does not."""
    return {"ready": advancement.ready(state), "renewal_over": _renewal_over(state)}


def _renewal_over(state: State) -> bool:
    """Whether the last day of renewal is over, so that only evidence submitted by then may still arrive (R5)."""
    lapsed = requirements.status(state) is Status.LAPSED
    return lapsed and state.certificate is not None and state.certificate.renewal_settles_at is not None


def _turn(state: State) -> Markdown:
    """Who acts next, or what is awaited."""
    return Markdown(words.about_status(requirements.status(state), **_beyond_the_status(state)).turn).format(
        state.certificate.ends_on if state.certificate else ""
    )


def _to_do(state: State) -> Markdown:
    """What an admin has to do; where there is nothing, who acts next."""
    if state.closed:
        return Markdown("")
    lines = _attention(state) + _decisions(state)
    if not lines:
        return Markdown("#### To do\nNothing: {}.").format(_turn(state))
    heading = Markdown("#### Needs attention") if state.attention else Markdown("#### To do")
    return _LINES.join([heading, *lines])


def _attention(state: State) -> list[Markdown]:
    lines = [_asking(state, view) for view in attention_view(state)]
    left_out = len(lines) - _SHOWN_ATTENTION
    more = Markdown("- and {} more: see the `status` query").format(left_out)
    return [*lines[:_SHOWN_ATTENTION], *([more] if left_out > 0 else [])]


def _asking(state: State, view: AttentionView) -> Markdown:
    sample = _sample(state, view)
    return Markdown("- {}: {}. {}.{}").format(code(view.attention), view.what, _sentence(view.advice), sample)


def _decisions(state: State) -> list[Markdown]:
    """The decisions that a person has to make although nothing is wrong or late yet."""
    lines = []
    if state.suspension and Attention(AttentionKind.SUSPENSION_UNRESOLVED) not in state.attention:
        lift, end = (_ready(message, reason="", by="") for message in ("reinstate", "revoke"))
        lines.append(Markdown("- the suspension: end it one way or the other. To send: {} or {}").format(lift, end))
    return lines


def _sample(state: State, view: AttentionView) -> Markdown:
    """A message to copy, as the end of a line; empty where none helps."""
    message = _to_send(state, view)
    return Markdown(" To send: {}").format(message) if message else message


def _to_send(state: State, view: AttentionView) -> Markdown:
    """A message that settles this attention value, as markdown: its name, and JSON to copy; empty where none does.

    The JSON fits the UI's form and `starter.py send`. The fields that a person must fill in are empty, and an empty
    text is refused. So nobody decides by pasting alone.
    """
    attention = attention_from(view.attention)
    match attention.kind:
        case AttentionKind.HELD_RESULT if state.window is None:
            return _ready("confirm_purchase", reference="")
        case AttentionKind.HELD_RESULT:
            return _decision(view, attention.subject)
        case AttentionKind.REQUIREMENT_UNDONE:
            return _ready("acknowledge", attention=str(attention), by="", note="")
        case AttentionKind.REVIEW_WAITING:
            return _review_to_send(state)
        case AttentionKind.SUSPENSION_UNRESOLVED:
            return _ready("reinstate", reason="", by="")
        case AttentionKind.NOTICE_UNDELIVERABLE if view.cause in (None, UndeliveredCause.REFUSED):
            return _ready("update_contact", email="")
        case AttentionKind.LOWER_NOT_IN_FORCE:
            return Markdown("")
        case _:
            return _ready("acknowledge", attention=str(attention), by="")


def _decision(view: AttentionView, result_id: str) -> Markdown:
    """The message that decides a held result. It names the hold where it must (R2)."""
    decision = view.decisions[0] if view.decisions else "accept"
    if view.name_hold:
        return _ready("resolve_held_result", result_id=result_id, hold=view.hold, decision=decision, by="", reason="")
    return _ready("resolve_held_result", result_id=result_id, decision=decision, by="", reason="")


def _review_to_send(state: State) -> Markdown:
    """The message with the verdict of a review, as markdown; empty where nothing is under review."""
    if state.work_product.status == "submitted":
        submission = state.work_product.submission_id
        return _ready("review_work_product", submission_id=submission, reviewer="", verdict="passed")
    if state.recertification.status == "submitted":
        submission = state.recertification.submission_id
        return _ready("review_recertification", submission_id=submission, reviewer="", verdict="approved")
    return Markdown("")


def _ready(message: str, **payload: str | int | None) -> Markdown:
    """A message as markdown: its name and its JSON."""
    return Markdown("{} {}").format(code(message), code(json.dumps(payload, ensure_ascii=False)))


def _sentence(advice: str) -> str:
    return f"{advice[0].upper()}{advice[1:]}"


def _next(state: State, now: datetime) -> Markdown:
    alarms = rulebook.alarms(state)
    if not alarms:
        return Markdown("")
    deadline = next((alarm for alarm in alarms if alarm.border), None)
    shown = alarms[:3] if deadline is None or deadline in alarms[:3] else [*alarms[:2], deadline]
    lines = [
        Markdown("- {}: {}, {}").format(
            alarm_words.day(alarm, state, now), alarm_words.what(alarm, state), alarm_words.why(alarm, state)
        )
        for alarm in shown
    ]
    return _LINES.join([Markdown("#### Next, by itself"), *lines])


def _requirements(state: State, now: datetime) -> Markdown:
    if state.certificate:
        return Markdown("")
    lines = [_purchase(state), *_assessments(state, now)]
    if state.requirements.experience:
        lines.append(_experience(state))
    if state.requirements.work_product:
        lines.append(_work_product(state))
    return _LINES.join([Markdown("#### Requirements"), *lines])


def _mark(met: bool) -> Markdown:
    return Markdown("☑") if met else Markdown("☐")


def _purchase(state: State) -> Markdown:
    if state.window is None and state.closed:
        return Markdown("- {} purchase: not confirmed").format(_mark(False))
    if state.window is None:
        latest = calendar.last_day(state.abandons_at, state.zone)
        return Markdown("- {} purchase: to be confirmed by {}, else the candidacy is abandoned").format(
            _mark(False), latest
        )
    window = state.window
    moved = window.deadline != window.original_deadline
    why = Markdown("moved from {}").format(window.original_deadline)
    if not moved:
        why = Markdown("{} from the day of the purchase").format(
            counted(state.programme.rules.testing.window_months, "month")
        )
    return Markdown("- {} purchase {}: the testing window runs from {} to {} inclusive, {}").format(
        _mark(True), code(window.reference), window.opens_on, window.deadline, why
    )


def _assessments(state: State, now: datetime) -> list[Markdown]:
    lines = []
    for domain, assessment in requirements.assessments(state).items():
        deciding = assessment.deciding
        score = deciding.score if deciding else None
        standing = Markdown("{}").format(assessment.status)
        if deciding and score:
            standing = Markdown("{}, {} % (result {})").format(assessment.status, score.shown, code(deciding.result_id))
        held = sum(hold.result.domain == domain for hold in state.held.values())
        lines.append(
            Markdown("- {} {}: {}, attempts {} of {}{}{}").format(
                _mark(assessment.status == "passed"),
                state.requirements.domains[domain],
                standing,
                assessment.attempts,
                state.attempts,
                _again(state, assessment.next_attempt_on, now),
                Markdown(", **{} held**").format(held) if held else "",
            )
        )
    return lines


def _again(state: State, day: date | None, now: datetime) -> Markdown:
    """From which day the next attempt may be taken, as long as that day lies ahead."""
    ahead = day is not None and day > calendar.day_of(now, state.zone)
    return Markdown(", next attempt from {}").format(day) if ahead else Markdown("")


def _experience(state: State) -> Markdown:
    met = requirements.experience_met_so_far(state)
    if not state.experience:
        return Markdown("- {} experience: none recorded yet ({})").format(_mark(False), state.requirements.experience)
    # Of several records the one that meets the requirement decides, or the first that will (R8).
    day = requirements.experience_counts_from(state)
    first = min(reversed(state.experience), key=lambda claim: claim.met_on or date.max)
    claim = next((claim for claim in reversed(state.experience) if claim.met_on == day), first)
    if claim.met_on is None:
        return Markdown("- {} experience: {} since {} ended before it could count").format(
            _mark(False), claim.role, claim.started_on
        )
    too_late = state.window is not None and claim.met_on > state.window.deadline
    late = Markdown(", after the deadline") if too_late else Markdown("")
    return Markdown("- {} experience: {} since {}, counts from {}{}").format(
        _mark(met), claim.role, claim.started_on, claim.met_on, late
    )


def _work_product(state: State) -> Markdown:
    product = state.work_product
    due: date | None = product.due_on or (state.window.deadline if state.window else None)
    when = Markdown("")
    if due and product.status in ("open", "revise", "failed"):
        over = product.status != "revise" and state.window is not None and state.window.closed
        when = Markdown(", and the window is over") if over else Markdown(", due on {}").format(due)
    if product.settles_at:
        last = calendar.last_day(product.settles_at, state.zone)
        when = Markdown(", was due on {}; what was submitted in time may arrive until {}").format(due, last)
    if product.status == "submitted" and state.work_product_over:
        when = Markdown(" as {}, and had to be passed by {}").format(code(product.submission_id or ""), due)
    elif product.status == "submitted":
        when = Markdown(" as {}, waits for its review (`review_work_product`)").format(
            code(product.submission_id or "")
        )
    return Markdown("- {} work product: {}{}").format(_mark(product.status == "passed"), product.status, when)


def _recertification(state: State) -> str:
    status = state.recertification.status
    if state.certificate and state.certificate.renewal_settles_at and status in ("open", "returned"):
        return f"{status}, and the time for renewal is over"
    return {"closed": "not open yet", "submitted": "submitted, waits for its review"}.get(status, status)


def _certificate(state: State) -> Markdown:
    certificate = state.certificate
    if certificate is None:
        return Markdown("")
    lines = [
        Markdown("#### Certificate"),
        Markdown("- number {}, certified on {}, cycle {}").format(
            code(certificate.number), certificate.certified_on, certificate.cycle
        ),
        Markdown("- expires on {} inclusive, {} from {}").format(
            certificate.expires_on, counted(certificate.months, "month"), certificate.anchor
        ),
        Markdown("- recertification from {}: {}").format(certificate.window_opens_on, _recertification(state)),
        Markdown("- after expiry: grace to {}, renewable with a gap to {}").format(
            certificate.grace_ends_on, certificate.ends_on
        ),
    ]
    if state.advancing_to and state.advancing_with:
        lines.append(Markdown("- advancement asked for: see {}").format(code(state.advancing_to)))
    lines += [
        Markdown("- not certified from {} until {}, exclusive").format(gap.start, gap.end) for gap in certificate.gaps
    ]
    if state.suspension:
        since = calendar.day_of(state.suspension.since, state.zone)
        lines.append(Markdown("- suspended by {} since {}").format(state.suspension.by, since))
    return _LINES.join(lines)
