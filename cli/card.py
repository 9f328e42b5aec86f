"""The card of one candidacy: the answer of the `status` query in words a person understands at a glance."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.output import Mark, Row, day, minute
from cli.vocabulary import STATUSES

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
_RECERTIFICATION: dict[str, tuple[Mark, str]] = {
    "closed": ("none", "window not open yet"),
    "open": ("open", "window open, evidence still to be submitted"),
    "submitted": ("open", "evidence submitted, waits for its review"),
    "returned": ("alert", "evidence returned, to be submitted again"),
}


def of(status: Document, titles: Mapping[str, str]) -> tuple[str, list[Row]]:
    """Title and rows of the card."""
    code = status["designation"]
    name = f"{code} {titles[code]}" if code in titles else code
    path = ", advancement path" if status.get("path") == "advancement" else ""
    title = f"{status['candidate_id']}  {status.get('name') or ''}  {name}{path}"
    return title, [
        *_standing(status),
        *_assessments(status),
        *_work_product(status),
        *_experience(status),
        *_certificate(status),
        *_attention(status),
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
        parts.append("experience met" if experience.get("met") else _awaited(experience, "experience "))
    return ", ".join(parts)


def upcoming(status: Document) -> str:
    """What happens next by itself, in one cell of a table."""
    step = status.get("next")
    return f"{step['on']} {step['what']}" if step else "nothing by itself"


def _standing(status: Document) -> Iterator[Row]:
    words = STATUSES.get(status["status"], "")
    yield Row("Status", f"{status['status']}" + (f": {words}" if words not in ("", status["status"]) else ""))
    yield Row("Next", upcoming(status))
    yield Row("Registered", minute(status.get("registered_at")))
    if status.get("purchased_at"):
        yield Row("Purchased", minute(status["purchased_at"]))
    if status.get("testing_deadline"):
        yield Row("Testing until", f"{status['testing_deadline']} (its last day; counted from the purchase)")


def _assessments(status: Document) -> Iterator[Row]:
    for domain, one in (status.get("assessments") or {}).items():
        mark, words = _ASSESSMENT.get(one["status"], ("none", one["status"]))
        parts = [words + (f" with {one['percentage']} %" if one.get("percentage") is not None else "")]
        if one.get("attempts"):
            parts.append(f"{one['attempts']} attempt{'s' if one['attempts'] != 1 else ''} used")
        if one.get("next_attempt_on"):
            parts.append(f"next attempt from {one['next_attempt_on']} on")
        if one.get("held"):
            mark = "alert"
            parts.append(f"{one['held']} held for a decision")
        yield Row(_label(domain), ", ".join(parts), mark)
    for domain, one in (status.get("self_assessments") or {}).items():
        yield Row(f"Self: {_label(domain)}", f"{one['percentage']} %, {one['guidance']}")


def _work_product(status: Document) -> Iterator[Row]:
    work_product = status.get("work_product") or {}
    if not work_product.get("required"):
        return
    mark, words = _WORK_PRODUCT.get(work_product["status"], ("none", work_product["status"]))
    due = f", due {work_product['due_on']}" if work_product.get("due_on") and mark != "met" else ""
    yield Row("Work product", words + due, mark)


def _experience(status: Document) -> Iterator[Row]:
    experience = status.get("experience") or {}
    if not experience.get("required"):
        return
    if experience.get("met"):
        yield Row("Experience", f"met on {experience.get('met_on')}", "met")
    else:
        yield Row("Experience", _awaited(experience, ""), "open")


def _awaited(experience: Document, prefix: str) -> str:
    if experience.get("met_on"):
        return f"{prefix}counts from {experience['met_on']} on"
    return f"{prefix}not on record yet"


def _certificate(status: Document) -> Iterator[Row]:
    certificate = status.get("certificate")
    if not certificate:
        return
    mark: Mark = "met" if certificate.get("in_force") else "alert"
    force = "in force" if certificate.get("in_force") else "not in force"
    yield Row("Certificate", f"{certificate['number']}, {force}, cycle {certificate.get('cycle')}", mark)
    yield Row("Certified", day(certificate.get("certified_on")))
    yield Row("Expires", f"{certificate.get('expires_on')} (its last day)")
    recertification = status.get("recertification")
    if recertification:
        mark, words = _RECERTIFICATION.get(recertification["status"], ("none", recertification["status"]))
        opens = recertification.get("window_opens_on")
        since = f"; opens {opens}" if opens and recertification["status"] == "closed" else ""
        yield Row("Recertification", words + since, mark)


def _attention(status: Document) -> Iterator[Row]:
    values = status.get("attention") or ()
    if not values:
        return
    # Imported only now: the domain brings pydantic along, and most cards need no advice.
    from domain.attention import advice_on

    for value in values:
        yield Row("Attention", f"{value}: {advice_on(value)}", "alert")


def _label(slug: str) -> str:
    return slug.replace("-", " ").capitalize()
