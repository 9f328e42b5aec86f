"""What tests send to candidacies: registrations, results, and whole journeys, as any client would write them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from tests.scheme import SCHEME

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "Zsófia Quarterstaff"
"""A name that stands in no log line by accident."""


def instant(days_ago: int) -> str:
    """So many days ago in the body's zone, at the time of day that it is there now, whatever its clocks did between."""
    there = NOW.astimezone(ZoneInfo(SCHEME.body.zone)) - timedelta(days=days_ago)
    return there.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(days_ago: int) -> str:
    return (NOW - timedelta(days=days_ago)).date().isoformat()


def workflow_id(candidate: str, designation: str = "CCSL") -> str:
    return f"certification:{designation}:{candidate}"


def email(candidate: str) -> str:
    return f"{candidate.lower()}.quarterstaff@example.org"


def registration(candidate: str, designation: str = "CCSL", **fields: Any) -> dict[str, Any]:
    """A registration that only wants assessments and a work product; a field of None is left out."""
    document = {
        "candidate_id": candidate,
        "name": NAME,
        "email": email(candidate),
        "designation": designation,
        "purchase": {"reference": "INV-77", "purchased_at": instant(60)},
        "experience": {"role": "Director, Customer Care", "started_on": day(1200)},
        **fields,
    }
    return {name: value for name, value in document.items() if value is not None}


DOMAINS = ("people-management", "operations-management", "customer-relationships", "leadership-and-business")


def result(number: int, domain: str, percentage: Any = 80, **fields: Any) -> dict[str, Any]:
    return {
        "result_id": f"R-{number}",
        "domain": domain,
        "taken_at": instant(10),
        "percentage": percentage,
        "message_id": f"result-{number}",
        **fields,
    }


def submission(**fields: Any) -> dict[str, Any]:
    return {"submission_id": "W-1", "uri": "https://example.org/w", "sha256": "ab" * 32, "message_id": "wp", **fields}


def review(**fields: Any) -> dict[str, Any]:
    return {"submission_id": "W-1", "reviewer": "Pat Lee", "verdict": "passed", "message_id": "review", **fields}


JOURNEY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("record_self_assessment", {"domain": DOMAINS[0], "percentage": 60, "message_id": "self"}),
    *(("record_assessment_result", result(number, domain)) for number, domain in enumerate(DOMAINS, start=1)),
    ("submit_work_product", submission()),
    ("review_work_product", review()),
)
"""From registration to certificate, every message with an id."""

JOURNEY_EVENTS = (
    "Registered",
    "ExperienceRecorded",
    "ExperienceMet",
    "PurchaseConfirmed",
    "SelfAssessmentRecorded",
    *("AssessmentPassed",) * 4,
    "WorkProductSubmitted",
    "WorkProductPassed",
    "Certified",
)


def raw(data: bytes, encoding: bytes | None = b"json/plain") -> RawValue:
    """A payload byte for byte; without an encoding, one that says nothing of itself."""
    return RawValue(Payload(metadata={} if encoding is None else {"encoding": encoding}, data=data))
