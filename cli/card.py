"""The card of one candidacy: the answer of the `status` query in words a person understands at a glance.

The card of a closed candidacy says what there was, and nothing that could still be done.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from cli import advice
from cli.card_lines import Mark, Row
from cli.output import minute
from client import scheme
from client.candidacy import End
from domain.vocabulary import AlarmKind, AttentionKind, Status
from views import words
from views.status import CertificateView, RecertificationView, StatusView, UpcomingView

_ASSESSMENT: dict[str, tuple[Mark, str]] = {
    "passed": ("met", "passed"),
    "open": ("open", "open"),
    "exhausted": ("alert", "attempts used up"),
}
_WORK_PRODUCT: dict[str, tuple[Mark, str]] = {
    "open": ("open", "still to be submitted"),
    "submitted": ("open", "submitted, waits for its review"),
    "revise": ("open", "to be revised and submitted again"),
    "passed": ("met", "passed"),
    "failed": ("alert", "failed, a new one may be submitted"),
}
_CLOSED_WORK_PRODUCT: dict[str, tuple[Mark, str]] = {
    "open": ("none", "never submitted"),
    "submitted": ("none", "submitted, never reviewed"),
    "revise": ("none", "returned, never submitted again"),
    "passed": ("met", "passed"),
    "failed": ("none", "failed"),
}
_RECERTIFICATION: dict[str, tuple[Mark, str]] = {
    "closed": ("none", "window not open yet"),
    "open": ("open", "window open, evidence still to be submitted"),
    "submitted": ("open", "evidence submitted, waits for its review"),
    "returned": ("alert", "evidence returned, to be submitted again"),
}
_SHOWN_EVENTS = 3


def of(status: StatusView, titles: Mapping[str, str], end: End | None = None) -> tuple[str, list[Row]]:
    """Title and rows of the card; `end` where the workflow runs no more."""
    shown = _Shown(status, end)
    code = status.designation
    name = f"{code} {titles[code]}" if code in titles else code
    path = ", advancement path" if shown.advancing else ""
    title = f"{status.candidate_id}  {status.name}  {name}{path}"
    return title, [
        *_standing(shown),
        *_attention(shown),
        *_next(shown),
        *_window(shown),
        *_assessments(shown),
        *_work_product(shown),
        *_experience(shown),
        *_certificate(shown),
    ]


def requirements(status: StatusView) -> str:
    """What is met and what is open, in one cell of a table."""
    parts = []
    if status.assessments:
        passed = sum(one.status == "passed" for one in status.assessments.values())
        held = sum(one.held for one in status.assessments.values())
        parts.append(f"{passed}/{len(status.assessments)} assessments" + (f" ({held} held)" if held else ""))
    if status.work_product and status.work_product.required:
        parts.append(f"work product {status.work_product.status}")
    if status.experience and status.experience.required:
        awaited = _awaited(_Shown(status, None))[1]
        parts.append("experience met" if status.experience.met else f"experience {awaited}")
    return ", ".join(parts)


def upcoming(status: StatusView) -> str:
    """What happens next by itself, in one cell of a table."""
    return f"{status.next.on} {status.next.what}" if status.next else "nothing by itself"


class _Shown(NamedTuple):
    """What a card is made of: the answer, and how its workflow ended, if it runs no more."""

    status: StatusView
    end: End | None

    @property
    def cut_short(self) -> bool:
        """Whether the workflow was ended in Temporal before the candidacy was closed."""
        return self.end is not None and not self.status.closed_for_good

    @property
    def closed(self) -> bool:
        return self.status.closed_for_good or self.cut_short

    @property
    def advancing(self) -> bool:
        return self.status.path == "advancement"

    @property
    def zone(self) -> str:
        """The zone of every instant and day on the card: the body's."""
        return self.status.zone or scheme.facts().zone

    @property
    def window_over(self) -> bool:
        """Whether the testing window has closed, as far as the answer tells."""
        status = self.status
        running = any(event.border and event.on == status.testing_deadline for event in status.upcoming)
        return bool(status.testing_deadline and status.tells_upcoming and not status.certificate and not running)

    @property
    def ready(self) -> bool:
        """Whether an open advancement meets everything, so that only the lower certificate is still to give way."""
        candidate = self.status.purchased_at and not self.status.certificate and not self.closed
        return self.advancing and bool(candidate) and all(_met(self.status))

    @property
    def renewal_over(self) -> bool:
        """Whether a lapsed certification waits only for evidence that was submitted by its last day of renewal."""
        settles = any(event.kind == AlarmKind.RENEWAL_SETTLED for event in self.status.upcoming)
        return settles and self.status.status == Status.LAPSED

    @property
    def reviewed(self) -> bool:
        """Whether a person is asked for the verdict on a submission; an older build may not say so."""
        return AttentionKind.REVIEW_WAITING in self.status.attention

    @property
    def events(self) -> tuple[UpcomingView, ...]:
        """What will happen by itself; nothing where no workflow is left to do it."""
        return () if self.cut_short else self.status.events


def _because(shown: _Shown, on: date | None, *kinds: AlarmKind) -> str:
    """Why the first deadline or expiry of these kinds on this day falls on it, where the engine says so."""
    borders = [event for event in shown.events if event.border and event.on == on]
    named = [event for kind in kinds for event in borders if event.kind in (kind, "")]  # an older build names no kind
    return f", {named[0].why}" if named and named[0].why else ""


def _standing(shown: _Shown) -> Iterator[Row]:
    status, end = shown
    meaning = _meaning(shown)
    if end and shown.cut_short:
        yield Row("Status", f"{status.status} when its workflow was ended in Temporal ({end.how})", "alert")
    else:
        yield Row("Status", f"{status.status}: {meaning}" if meaning not in ("", status.status) else status.status)
    if shown.closed:
        at = (status.closed.at if status.closed else None) or (end.at if end else None)
        why = status.closed.why if status.closed else ""
        closing = ": ".join(part for part in (minute(at, shown.zone), why) if part)
        if closing:
            yield Row("Closed", closing)
    elif not status.certificate:
        yield _count(status)


def _meaning(shown: _Shown) -> str:
    if shown.status.status == Status.SUSPENDED:
        return "not certified, until it is reinstated"
    return words.about_status(shown.status.status, ready=shown.ready, renewal_over=shown.renewal_over).means


def _count(status: StatusView) -> Row:
    met = _met(status)
    return Row("Requirements", f"{sum(met)} of {len(met)} met", "met" if all(met) else "open")


def _met(status: StatusView) -> list[bool]:
    """Of each requirement, whether it is met."""
    met = [one.status == "passed" for one in status.assessments.values()]
    if status.work_product and status.work_product.required:
        met.append(status.work_product.status == "passed")
    if status.experience and status.experience.required:
        met.append(status.experience.met)
    return met


def _attention(shown: _Shown) -> Iterator[Row]:
    if shown.cut_short:
        return
    for case in advice.cases(shown.status):
        since = f", since {minute(case.since, shown.zone)}" if case.since else ""
        about = f"{case.what}; to do: " if case.what else ""
        yield Row("Attention", f"{case.attention}{since}: {about}{case.advice}", "alert")


def _next(shown: _Shown) -> Iterator[Row]:
    events = shown.events
    first = events[:_SHOWN_EVENTS]
    border = next((event for event in events if event.border), None)
    if border and border not in first:
        # Reminders may fill the list, but the deadline that they are about must be shown too.
        first = (*events[: _SHOWN_EVENTS - 1], border)
    if not first and not shown.closed:
        yield Row("Next", upcoming(shown.status))
    for number, event in enumerate(first):
        why = f", {event.why}" if event.why else ""
        yield Row("" if number else "Next", f"{event.on} {event.what}{why}")


def _window(shown: _Shown) -> Iterator[Row]:
    status = shown.status
    yield Row("Registered", minute(status.registered_at, shown.zone))
    if status.purchased_at:
        yield Row("Purchased", minute(status.purchased_at, shown.zone))
    elif not shown.closed:
        yield Row("Purchase", "still to be confirmed", "open")
    deadline = status.testing_deadline
    if not deadline or status.certificate or (shown.closed and status.status != Status.TIMED_OUT):
        return
    why = _because(shown, deadline, AlarmKind.WINDOW) or ", its last day; counted from the purchase"
    over = ", which is over" if shown.window_over and not shown.closed else why
    yield Row("Window until" if shown.advancing else "Testing until", f"{deadline}{over}")


def _assessments(shown: _Shown) -> Iterator[Row]:
    closed = shown.closed
    for domain, one in shown.status.assessments.items():
        mark, text = _ASSESSMENT.get(one.status, ("none", one.status))
        if closed and mark != "met":
            mark, text = "none", "not passed" if one.status == "open" else text
        result = f" (result {one.result_id})" if one.result_id else ""
        parts = [text + (f" with {one.percentage} %{result}" if one.percentage is not None else "")]
        if one.attempts:
            parts.append(f"{one.attempts} attempt{'s' if one.attempts != 1 else ''} used")
        if one.next_attempt_on and not closed:
            parts.append(f"next attempt from {one.next_attempt_on} on")
        if one.held and not closed:
            mark = "alert"
            parts.append(f"{one.held} held for a decision")
        yield Row(_label(domain), ", ".join(parts), mark)
    if closed or shown.status.certificate:
        return
    for domain, self_assessed in shown.status.self_assessments.items():
        yield Row(f"Self: {_label(domain)}", f"{self_assessed.percentage} %, {self_assessed.guidance}")


def _work_product(shown: _Shown) -> Iterator[Row]:
    work_product = shown.status.work_product
    if work_product is None or not work_product.required:
        return
    known = _CLOSED_WORK_PRODUCT if shown.closed else _WORK_PRODUCT
    mark, text = known.get(work_product.status, ("none", work_product.status))
    late = shown.window_over and not shown.closed and work_product.status in ("open", "failed")
    if late:
        text = (
            "never submitted, and the window is over"
            if work_product.status == "open"
            else "failed, and the window is over"
        )
    if work_product.status == "submitted" and shown.window_over and not (shown.closed or shown.reviewed):
        mark, text = "alert", "submitted, and not passed by the end of the window"
    if work_product.submission_id:
        text = f"{work_product.submission_id} {text}"
    due_on = None if shown.closed or late or mark == "met" else work_product.due_on
    if due_on:
        text += f", due {due_on}{_because(shown, due_on, AlarmKind.REVISION, AlarmKind.WINDOW)}"
    yield Row("Work product", text, mark)


def _experience(shown: _Shown) -> Iterator[Row]:
    experience = shown.status.experience
    if experience is None or not experience.required:
        return
    if experience.met:
        yield Row("Experience", f"met on {experience.met_on}", "met")
        return
    mark, text = _awaited(shown)
    yield Row("Experience", text, "none" if shown.closed else mark)


def _awaited(shown: _Shown) -> tuple[Mark, str]:
    """Experience that is not met: still to come, too late, too short, or not there."""
    experience, deadline = shown.status.experience, shown.status.testing_deadline
    met_on = experience.met_on if experience else None
    if met_on and deadline and met_on > deadline:
        return "alert", f"counts only from {met_on} on, after the deadline"
    if met_on:
        return "open", f"would have counted from {met_on} on" if shown.closed else f"counts from {met_on} on"
    if experience is None or experience.recorded is None:  # an older worker does not say
        return "open", "none on record that counts"
    if experience.recorded:
        return "alert", "on record, but it ended too early to count"
    return "open", "none on record" if shown.closed else "not on record yet"


def _certificate(shown: _Shown) -> Iterator[Row]:
    certificate = shown.status.certificate
    if certificate is None:
        return
    mark: Mark = "met" if certificate.in_force else "alert"
    force = "in force" if certificate.in_force else "not in force"
    yield Row("Certificate", f"{certificate.number}, {force}, cycle {certificate.cycle}", mark)
    yield Row("Certified", str(certificate.certified_on or ""))
    for gap in certificate.gaps:
        yield Row("Gap", f"not certified from {gap.from_} until {gap.to}, exclusive")
    if certificate.gap_from and not certificate.gaps:  # the answer of an older build
        yield Row("Gap", f"not certified for a time from {certificate.gap_from} on")
    if not shown.closed:
        yield _expiry(shown, certificate)
        if shown.status.recertification:
            yield _recertification(shown, shown.status.recertification)
    elif shown.status.status == Status.EXPIRED:
        yield Row("Expired", f"{certificate.expires_on}, its last day")


def _expiry(shown: _Shown, certificate: CertificateView) -> Row:
    if shown.status.status in (Status.GRACE, Status.LAPSED):
        return Row("Expired", f"{certificate.expires_on}, its last day")
    why = _because(shown, certificate.expires_on, AlarmKind.EXPIRY) or ", its last day"
    return Row("Expires", f"{certificate.expires_on}{why}")


def _recertification(shown: _Shown, recertification: RecertificationView) -> Row:
    status = recertification.status
    mark, text = _RECERTIFICATION.get(status, ("none", status))
    if recertification.submission_id and status in ("submitted", "returned"):
        text = f"{recertification.submission_id}: {text}"
    opens = recertification.window_opens_on
    if status == "closed" and opens:
        text += f"; opens {opens}{_opening(shown, opens)}"
    elif shown.status.status == Status.GRACE and status in ("open", "returned"):
        mark, text = "alert", f"{text}; until {recertification.grace_ends_on} as if in time"
    elif shown.renewal_over and status in ("open", "returned"):
        mark, last_day = "alert", recertification.ends_on
        text = f"the time for renewal is over; what was submitted by {last_day} may still arrive"
    elif shown.status.status == Status.LAPSED and status in ("open", "returned"):
        mark, text = "alert", f"{text}; until {recertification.ends_on}, with a gap"
    return Row("Recertification", text, mark)


def _opening(shown: _Shown, on: date) -> str:
    """Why the window opens on this day."""
    events = (event for event in shown.events if event.on == on and event.kind == AlarmKind.RECERTIFICATION)
    why = next((event.why for event in events), "")
    return f", {why}" if why else ""


def _label(slug: str) -> str:
    return slug.replace("-", " ").capitalize()
