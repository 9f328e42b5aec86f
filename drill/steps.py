"""The parts of the drill, and the messages of its plots.

The expected events are written by hand and not computed by the rules, as in chaos/plans.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from trials.domains import DOMAINS


class Part(StrEnum):
    """A part of the drill. In three of them, every candidacy moves to another build."""

    BEFORE = "before"
    FORTH = "forth"
    NEWER = "on the newer build"
    BACK = "back"
    OLDER = "on the older build again"
    AGAIN = "forth again"
    AFTER = "after"


OLD, NEW = "old", "new"
MOVES = {Part.FORTH: NEW, Part.BACK: OLD, Part.AGAIN: NEW}
"""The parts in which candidacies move, each with the build that is made current."""
CURRENT = {Part.BEFORE: OLD, Part.NEWER: NEW, Part.OLDER: OLD, Part.AFTER: NEW}
"""The other parts, each with the build on which every candidacy is."""

PEOPLE, OPERATIONS, CUSTOMERS, LEADERSHIP = DOMAINS
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Step:
    """One message, with the events of its receipt.

    `newer` says that only the newer build understands it: the older one must refuse it. `scored` says that the
    result is scored here, and that the answer key of its form hangs when the message comes.
    """

    name: str
    payload: Mapping[str, Any]
    events: tuple[str, ...]
    newer: bool = False
    scored: bool = False


Plot = Mapping[Part, tuple[Step, ...]]


def instant(days: int) -> str:
    """The instant so many days before NOW."""
    return (NOW - timedelta(days=days)).isoformat()


def day(days: int) -> str:
    """The day so many days before NOW."""
    return (NOW - timedelta(days=days)).date().isoformat()


PURCHASE = {"reference": "INV-DRILL", "purchased_at": instant(60)}
EXPERIENCE = {"role": "Director, Customer Care", "started_on": day(1200)}
START = {"purchase": PURCHASE, "experience": EXPERIENCE}
PASSED = ("AssessmentPassed",)
CERTIFIED = ("Certified",)

SUMMER_DAY = max(
    one for year in (NOW.year - 1, NOW.year) if (one := datetime(year, 7, 1, tzinfo=UTC)) < NOW - timedelta(days=2)
).date()
"""A day on which the two tzdata differ: it began at 05:00 UTC, or without daylight saving time at 06:00."""


def result(domain: str, *events: str, days: int = 10, **fields: Any) -> Step:
    score = {} if "form" in fields else {"percentage": "80"}
    given = {"result_id": f"R-{domain}", "domain": domain, "taken_at": instant(days)}
    return Step("record_assessment_result", {**given, **score, **fields}, events or PASSED, scored="form" in fields)


def passes(*domains: str) -> tuple[Step, ...]:
    return tuple(result(domain) for domain in domains)


def submit(number: int = 1) -> Step:
    payload = {"submission_id": f"W-{number}", "uri": "https://example.org/w", "sha256": "ab" * 32}
    return Step("submit_work_product", payload, ("WorkProductSubmitted",))


def review(verdict: str, *events: str, number: int = 1) -> Step:
    payload = {"submission_id": f"W-{number}", "reviewer": "R. Stone", "verdict": verdict}
    return Step("review_work_product", payload, events)


def submit_evidence(*events: str) -> Step:
    activity = {"title": "A course", "completed_on": day(60)}
    return Step("submit_recertification", {"submission_id": "E-1", "activities": [activity]}, events)


EVIDENCE = submit_evidence("RecertificationSubmitted")
APPROVED = Step(
    "review_recertification",
    {"submission_id": "E-1", "reviewer": "R. Stone", "verdict": "approved"},
    ("Recertified",),
)
BY = {"reason": "as the board decided", "by": "M. Vogel"}
SUSPEND = Step("suspend", BY, ("Suspended",))
REINSTATE = Step("reinstate", BY, ("Reinstated",))
WITHDRAW = Step("withdraw", {"reason": "another employer"}, ("Withdrawn", "CandidacyClosed"))
REVOKE = Step("revoke", BY, ("Revoked", "CandidacyClosed"))
CONTRADICTS = result(CUSTOMERS, "ResultHeld", passed=False)
ACCEPT = Step(
    "resolve_held_result",
    {"result_id": f"R-{CUSTOMERS}", "decision": "accept", "by": "M. Vogel", "reason": "the flag was wrong"},
    ("ResultResolved",),
)
REQUEST = Step("request_advancement", {"purchase": PURCHASE, "experience": EXPERIENCE}, ("AdvancementRequested",))
CONFIRM = Step(
    "confirm_purchase",
    {"reference": "INV-DRILL", "purchased_at": SUMMER_DAY.isoformat()},
    ("PurchaseConfirmed",),
)

ANSWERS = {"1": "B", "2": "D", "3": "A", "4": "C"}


def scored(domain: str) -> Step:
    return result(domain, form="HANGS", responses=ANSWERS)
