"""The card of one candidacy: the answer of the `status` query in words a person understands at a glance.

A closed candidacy's card tells what there was, and nothing that could still be done.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cli import advice
from cli.output import Mark, Row, day, minute
from domain.vocabulary import CLOSED, AlarmKind, Status
from views import words

Document = Mapping[str, Any]

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
# In the status that the card works with: how a workflow ended that did not come to its own end.
_CUT_SHORT = "cut_short"


class End(NamedTuple):
    """The end of a workflow in Temporal's word (completed, terminated, failed, ...), and its instant."""

    how: str
    at: str | None


def of(status: Document, titles: Mapping[str, str], end: End | None = None) -> tuple[str, list[Row]]:
    """Title and rows of the card; `end` where the workflow runs no more."""
    if end and status["status"] not in CLOSED:
        status = {**status, _CUT_SHORT: end.how, "upcoming": [], "next": None, "attention": [], "matters": []}
    code = status["designation"]
    name = f"{code} {titles[code]}" if code in titles else code
    path = ", advancement path" if _advancing(status) else ""
    title = f"{status['candidate_id']}  {status.get('name') or ''}  {name}{path}"
    return title, [
        *_standing(status, end.at if end else None),
        *_attention(status),
        *_next(status),
        *_window(status),
        *_assessments(status),
        *_work_product(status),
        *_experience(status),
        *_certificate(status),
    ]


def requirements(status: Document) -> str:
    """What is met and what is open, in one cell of a table."""
    parts = []
    assessments = status.get("assessments") or {}
    if assessments:
        passed = sum(one["status"] == "passed" for one in assessments.values())
        held = sum(one.get("held", 0) for one in assessments.values())
        parts.append(f"{passed}/{len(assessments)} assessments" + (f" ({held} held)" if held else ""))
    work_product = status.get("work_product") or {}
    if work_product.get("required"):
        parts.append(f"work product {work_product['status']}")
    experience = status.get("experience") or {}
    if experience.get("required"):
        parts.append("experience met" if experience.get("met") else f"experience {_awaited(status)[1]}")
    return ", ".join(parts)


def upcoming(status: Document) -> str:
    """What happens next by itself, in one cell of a table."""
    step = status.get("next")
    return f"{step['on']} {step['what']}" if step else "nothing by itself"


def _closed(status: Document) -> bool:
    return status["status"] in CLOSED or _CUT_SHORT in status


def _advancing(status: Document) -> bool:
    return status.get("path") == "advancement"


def _events(status: Document) -> list[Document]:
    """What will happen by itself, earliest first; an older worker knows the first of it."""
    if "upcoming" in status:
        return list(status["upcoming"])
    return [status["next"]] if status.get("next") else []


def _because(status: Document, on: str | None) -> str:
    """Why a deadline or an expiry falls on this day, where the engine says so."""
    borders = (event for event in _events(status) if event.get("border") and event["on"] == on)
    why = next((event.get("why") for event in borders), None)
    return f", {why}" if why else ""


def _standing(status: Document, closed_at: str | None) -> Iterator[Row]:
    name = status["status"]
    meaning = _meaning(status, name)
    if _CUT_SHORT in status:
        yield Row("Status", f"{name} when its workflow was ended in Temporal ({status[_CUT_SHORT]})", "alert")
    else:
        yield Row("Status", f"{name}: {meaning}" if meaning not in ("", name) else name)
    if _closed(status):
        closing = status.get("closed") or {}
        at = minute(closing.get("at") or closed_at)
        told = ": ".join(part for part in (at, closing.get("why")) if part)
        if told:
            yield Row("Closed", told)
    elif not status.get("certificate"):
        yield _count(status)


def _meaning(status: Document, name: str) -> str:
    if name == Status.SUSPENDED:
        return "not certified, until it is reinstated"
    known = words.about_status(name)
    return (known.advancing if _advancing(status) else "") or known.means


def _count(status: Document) -> Row:
    met = [one["status"] == "passed" for one in (status.get("assessments") or {}).values()]
    work_product, experience = status.get("work_product") or {}, status.get("experience") or {}
    if work_product.get("required"):
        met.append(work_product["status"] == "passed")
    if experience.get("required"):
        met.append(bool(experience.get("met")))
    return Row("Requirements", f"{sum(met)} of {len(met)} met", "met" if all(met) else "open")


def _attention(status: Document) -> Iterator[Row]:
    for matter in advice.matters(status):
        since = f", since {minute(matter['since'])}" if matter["since"] else ""
        about = f"{matter['what']}; to do: " if matter["what"] else ""
        yield Row("Attention", f"{matter['attention']}{since}: {about}{matter['advice']}", "alert")


def _next(status: Document) -> Iterator[Row]:
    events = _events(status)
    shown = events[:_SHOWN_EVENTS]
    border = next((event for event in events if event.get("border")), None)
    if border and border not in shown:
        # Reminders may fill the list: the deadline they are about must not be pushed out of it.
        shown = [*events[: _SHOWN_EVENTS - 1], border]
    if not shown and not _closed(status):
        yield Row("Next", upcoming(status))
    for number, event in enumerate(shown):
        why = f", {event['why']}" if event.get("why") else ""
        yield Row("" if number else "Next", f"{event['on']} {event['what']}{why}")


def _window(status: Document) -> Iterator[Row]:
    yield Row("Registered", minute(status.get("registered_at")))
    if status.get("purchased_at"):
        yield Row("Purchased", minute(status["purchased_at"]))
    elif not _closed(status):
        yield Row("Purchase", "still to be confirmed", "open")
    deadline = status.get("testing_deadline")
    if not deadline or status.get("certificate") or (_closed(status) and status["status"] != Status.TIMED_OUT):
        return
    why = _because(status, deadline) or ", its last day; counted from the purchase"
    over = ", which is over" if status["status"] == Status.SETTLING else why
    yield Row("Window until" if _advancing(status) else "Testing until", deadline + over)


def _assessments(status: Document) -> Iterator[Row]:
    closed = _closed(status)
    for domain, one in (status.get("assessments") or {}).items():
        mark, words = _ASSESSMENT.get(one["status"], ("none", one["status"]))
        if closed and mark != "met":
            mark, words = "none", "not passed" if one["status"] == "open" else words
        parts = [words + (f" with {one['percentage']} %" if one.get("percentage") is not None else "")]
        if one.get("attempts"):
            parts.append(f"{one['attempts']} attempt{'s' if one['attempts'] != 1 else ''} used")
        if one.get("next_attempt_on") and not closed:
            parts.append(f"next attempt from {one['next_attempt_on']} on")
        if one.get("held") and not closed:
            mark = "alert"
            parts.append(f"{one['held']} held for a decision")
        yield Row(_label(domain), ", ".join(parts), mark)
    if closed or status.get("certificate"):
        return
    for domain, one in (status.get("self_assessments") or {}).items():
        yield Row(f"Self: {_label(domain)}", f"{one['percentage']} %, {one['guidance']}")


def _work_product(status: Document) -> Iterator[Row]:
    work_product = status.get("work_product") or {}
    if not work_product.get("required"):
        return
    closed = _closed(status)
    known = _CLOSED_WORK_PRODUCT if closed else _WORK_PRODUCT
    mark, words = known.get(work_product["status"], ("none", work_product["status"]))
    due_on = None if closed or mark == "met" else work_product.get("due_on")
    yield Row("Work product", words + (f", due {due_on}{_because(status, due_on)}" if due_on else ""), mark)


def _experience(status: Document) -> Iterator[Row]:
    experience = status.get("experience") or {}
    if not experience.get("required"):
        return
    if experience.get("met"):
        yield Row("Experience", f"met on {experience.get('met_on')}", "met")
        return
    mark, words = _awaited(status)
    yield Row("Experience", words, "none" if _closed(status) else mark)


def _awaited(status: Document) -> tuple[Mark, str]:
    """Experience that is not met: still to come, too late, too short, or not there."""
    experience = status["experience"]
    met_on, deadline = experience.get("met_on"), status.get("testing_deadline")
    if met_on and deadline and met_on > deadline:
        return "alert", f"counts only from {met_on} on, after the deadline"
    if met_on:
        return "open", f"would have counted from {met_on} on" if _closed(status) else f"counts from {met_on} on"
    if "recorded" not in experience:  # an older worker does not tell
        return "open", "none on record that counts"
    if experience["recorded"]:
        return "alert", "on record, but it ended too early to count"
    return "open", "none on record" if _closed(status) else "not on record yet"


def _certificate(status: Document) -> Iterator[Row]:
    certificate = status.get("certificate")
    if not certificate:
        return
    mark: Mark = "met" if certificate.get("in_force") else "alert"
    force = "in force" if certificate.get("in_force") else "not in force"
    yield Row("Certificate", f"{certificate['number']}, {force}, cycle {certificate.get('cycle')}", mark)
    yield Row("Certified", day(certificate.get("certified_on")))
    if certificate.get("gap_from"):
        yield Row("Gap", f"not certified for a time from {certificate['gap_from']} on")
    expires_on = certificate.get("expires_on")
    if not _closed(status):
        over = status["status"] in (Status.GRACE, Status.LAPSED)
        why = _because(status, expires_on) or ", its last day"
        yield Row("Expired" if over else "Expires", f"{expires_on}{', its last day' if over else why}")
        yield from _recertification(status)
    elif status["status"] == Status.EXPIRED:
        yield Row("Expired", f"{expires_on}, its last day")


def _recertification(status: Document) -> Iterator[Row]:
    recertification = status.get("recertification")
    if not recertification:
        return
    mark, words = _RECERTIFICATION.get(recertification["status"], ("none", recertification["status"]))
    opens = recertification.get("window_opens_on")
    if recertification["status"] == "closed" and opens:
        words += f"; opens {opens}{_opening(status, opens)}"
    elif status["status"] == Status.GRACE and recertification["status"] in ("open", "returned"):
        mark, words = "alert", f"{words}; until {recertification.get('grace_ends_on')} as if in time"
    elif status["status"] == Status.LAPSED and recertification["status"] in ("open", "returned"):
        mark, words = "alert", f"{words}; until {recertification.get('ends_on')}, with a gap"
    yield Row("Recertification", words, mark)


def _opening(status: Document, on: str) -> str:
    """Why the window opens on this day."""
    events = (
        event for event in _events(status) if event["on"] == on and event.get("kind") == AlarmKind.RECERTIFICATION
    )
    why = next((event.get("why") for event in events), None)
    return f", {why}" if why else ""


def _label(slug: str) -> str:
    return slug.replace("-", " ").capitalize()
