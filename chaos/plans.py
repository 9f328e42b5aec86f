"""The kinds of journeys: the messages of each, and the events that must follow.

The expected events are written here by hand and not computed by the rules, so that a fault of the engine cannot change
what is expected of the engine.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trials.domains import DOMAINS

_PEOPLE, _OPERATIONS, _CUSTOMERS, _LEADERSHIP = DOMAINS

UNTOLD = frozenset(
    {
        "ExperienceRecorded",
        "ResultRecorded",
        "Withdrawn",
        "MessageRefused",
        "AttentionRaised",
        "NoticeUndeliverable",
        "LowerGaveWay",
    }
)
"""The events of these journeys that have no notice. Two more have one only sometimes, see `Candidacy.told`."""


@dataclass(frozen=True)
class Step:
    """One message, with the events with which its receipt must begin, or the code with which it must be refused."""

    name: str
    payload: Mapping[str, Any]
    events: tuple[str, ...] = ()
    refused: str | None = None


@dataclass(frozen=True)
class Candidacy:
    """One workflow of a journey. The steps of one stage may be taken in any order; the stages follow each other."""

    designation: str
    registration: Mapping[str, Any] | None
    """The start input without the person; None if the engine itself must open this candidacy."""
    stages: tuple[tuple[Step, ...], ...]
    events: tuple[str, ...]
    """The types of the events on the timeline: in exactly this order if `in_order`, otherwise in any order."""
    status: str
    in_order: bool = False

    @property
    def closed(self) -> bool:
        return self.status in ("withdrawn", "superseded")

    @property
    def certified(self) -> bool:
        return "Certified" in self.events

    def told(self, event: Mapping[str, Any], registered_at: str) -> bool:
        """Whether the candidate gets a notice about this event.

        Experience that was met on registration, and the closing of a superseded certificate, are in the notice of
        another event.
        """
        kind = event["type"]
        if kind == "ExperienceMet":
            return bool(event["at"] != registered_at)
        if kind == "CandidacyClosed":
            return self.status != "superseded"
        return kind not in UNTOLD

    @property
    def notices(self) -> int:
        """How many notices go out. In all these journeys experience is met on registration."""
        kinds = Counter(self.events)
        silent = sum(kinds[kind] for kind in UNTOLD) + kinds["ExperienceMet"]
        silent += kinds["CandidacyClosed"] if self.status == "superseded" else 0
        return len(self.events) - silent


@dataclass(frozen=True)
class Plan:
    """A journey of one person: its kind and its candidacies. In an advancement the lower one comes first."""

    number: int
    kind: str
    candidate_id: str
    candidacies: tuple[Candidacy, ...]
    person: Mapping[str, Any] = field(default_factory=dict)

    def workflow_id(self, candidacy: Candidacy) -> str:
        return f"certification:{candidacy.designation}:{self.candidate_id}"

    def registration(self, candidacy: Candidacy) -> dict[str, Any]:
        """The start input of a candidacy that is opened from outside."""
        own = {"candidate_id": self.candidate_id, "designation": candidacy.designation}
        return {**self.person, **own, **(candidacy.registration or {})}


NOW = datetime.now(UTC).replace(microsecond=0)


def _instant(days_ago: int) -> str:
    return (NOW - timedelta(days=days_ago)).isoformat()


def _day(days_ago: int) -> str:
    return (NOW - timedelta(days=days_ago)).date().isoformat()


_PURCHASE = {"reference": "INV-CHAOS", "purchased_at": _instant(60)}
_EXPERIENCE = {"role": "Director, Customer Care", "started_on": _day(1200)}
_START = {"purchase": _PURCHASE, "experience": _EXPERIENCE}
_STARTED = ("Registered", "ExperienceRecorded", "PurchaseConfirmed", "ExperienceMet")
_PASSED = ("AssessmentPassed",)


def _result(domain: str, *events: str, result_id: str = "", days_ago: int = 10, **fields: Any) -> Step:
    """A result of 80 percent, unless `fields` say otherwise."""
    score = {} if "form" in fields else {"percentage": "80"}
    given = {"result_id": result_id or f"R-{domain}", "domain": domain, "taken_at": _instant(days_ago)}
    return Step("record_assessment_result", {**given, **score, **fields}, events)


def _passes(*domains: str) -> tuple[Step, ...]:
    return tuple(_result(domain, "AssessmentPassed") for domain in domains)


def _submit(number: int = 1) -> Step:
    payload = {"submission_id": f"W-{number}", "uri": "https://example.org/w", "sha256": "ab" * 32}
    return Step("submit_work_product", payload, ("WorkProductSubmitted",))


def _review(verdict: str, event: str, number: int = 1) -> Step:
    payload = {"submission_id": f"W-{number}", "reviewer": "R. Stone", "verdict": verdict}
    return Step("review_work_product", payload, (event,))


_WORK_PRODUCT = ((_submit(),), (_review("passed", "WorkProductPassed"),))
_WORK_PRODUCT_EVENTS = ("WorkProductSubmitted", "WorkProductPassed")


def _advancement(lower: str, higher: str) -> tuple[Candidacy, ...]:
    request = Step("request_advancement", {"purchase": _PURCHASE, "experience": _EXPERIENCE}, ("AdvancementRequested",))
    gives_way = Candidacy(
        lower,
        _START,
        (_passes(*DOMAINS), (request,)),
        (*_STARTED, *_PASSED * 4, "Certified", "AdvancementRequested", "Superseded", "CandidacyClosed"),
        "superseded",
        in_order=True,
    )
    takes_over = Candidacy(
        higher,
        None,
        _WORK_PRODUCT,
        (*_STARTED, *_WORK_PRODUCT_EVENTS, "LowerGaveWay", "Certified"),
        "certified",
        in_order=True,
    )
    return gives_way, takes_over


def _retake() -> tuple[Candidacy, ...]:
    failed = _result(_PEOPLE, "AssessmentFailed", result_id="R-first", days_ago=50, percentage="61.5")
    stages = ((failed, *_passes(_OPERATIONS, _CUSTOMERS, _LEADERSHIP)), _passes(_PEOPLE), *_WORK_PRODUCT)
    events = (*_STARTED, "AssessmentFailed", *_PASSED * 4, *_WORK_PRODUCT_EVENTS, "Certified")
    return (Candidacy("CCSL", _START, stages, events, "certified"),)


def _held_and_decided() -> tuple[Candidacy, ...]:
    contradicts = _result(_CUSTOMERS, "ResultHeld", passed=False)
    resolution = {
        "result_id": f"R-{_CUSTOMERS}",
        "decision": "accept",
        "by": "M. Vogel",
        "reason": "the flag was wrong",
    }
    resolve = Step("resolve_held_result", resolution, ("ResultResolved",))
    stages = ((contradicts, *_passes(_PEOPLE, _OPERATIONS, _LEADERSHIP)), (resolve,))
    events = (*_STARTED, *_PASSED * 3, "ResultHeld", "ResultResolved", "Certified")
    return (Candidacy("CCMC", _START, stages, events, "certified"),)


def _returned_and_revised() -> tuple[Candidacy, ...]:
    """The first verdict contradicts its own percentage, and is refused."""
    contradicts = {"submission_id": "W-1", "reviewer": "R. Stone", "verdict": "passed", "percentage": "60"}
    refused = Step("review_work_product", contradicts, refused="below-passing-score")
    stages = (
        _passes(*DOMAINS),
        (_submit(),),
        (refused,),
        (_review("revise", "WorkProductReturned"),),
        (_submit(2),),
        (_review("passed", "WorkProductPassed", 2),),
    )
    reviews = ("MessageRefused", "WorkProductReturned", "WorkProductSubmitted", "WorkProductPassed", "Certified")
    events = (*_STARTED, *_PASSED * 4, "WorkProductSubmitted", *reviews)
    return (Candidacy("CCOM", _START, stages, events, "certified", in_order=True),)


def _withdrawal() -> tuple[Candidacy, ...]:
    withdraw = Step("withdraw", {"reason": "another employer"}, ("Withdrawn",))
    stages = (_passes(_PEOPLE, _LEADERSHIP), (withdraw,))
    events = (*_STARTED, *_PASSED * 2, "Withdrawn", "CandidacyClosed")
    return (Candidacy("CCMC", _START, stages, events, "withdrawn", in_order=True),)


def _out_of_order_and_twice() -> tuple[Candidacy, ...]:
    """A pass arrives before the older fail, and a newer revision before the older one. Then they arrive again."""
    passed = _result(_PEOPLE, "AssessmentPassed", result_id="R-second")
    failed = _result(_PEOPLE, "ResultRecorded", result_id="R-first", days_ago=50, percentage="55")
    revised = _result(_OPERATIONS, "AssessmentPassed", revision=2, percentage="71")
    original = _result(_OPERATIONS, "ResultRecorded", revision=1, percentage="69")
    stages = (
        (passed,),
        (failed, revised),
        (original, *_again(passed, revised)),
        _passes(_CUSTOMERS, _LEADERSHIP),
        _again(failed, original),
    )
    events = (*_STARTED, *_PASSED * 4, "ResultRecorded", "ResultRecorded", "Certified")
    return (Candidacy("CCMA", _START, stages, events, "certified"),)


def _again(*steps: Step) -> tuple[Step, ...]:
    """The same content again, under another message id. It is known by its content, so there is no event."""
    return tuple(Step(step.name, step.payload) for step in steps)


def _results_before_the_purchase() -> tuple[Candidacy, ...]:
    early = _result(_PEOPLE, "ResultHeld"), _result(_LEADERSHIP, "ResultHeld")
    confirm = Step("confirm_purchase", _PURCHASE, ("PurchaseConfirmed", *_PASSED * 2))
    stages = (early, (confirm,), _passes(_OPERATIONS, _CUSTOMERS))
    begun = ("Registered", "ExperienceRecorded", "ExperienceMet", "ResultHeld", "ResultHeld")
    events = (*begun, "PurchaseConfirmed", *_PASSED * 4, "Certified")
    return (Candidacy("CCMA", {"experience": _EXPERIENCE}, stages, events, "certified", in_order=True),)


def _scored_by_a_key() -> tuple[Candidacy, ...]:
    """One result has only the responses to a form, so a worker must read the answer key."""
    right = {"1": "B", "2": "D", "3": "A", "4": "C", "5": "C", "6": "A", "7": "B", "8": "D"}
    responses = _result(_PEOPLE, "AssessmentPassed", form="PM-A", responses=right)
    self_assessed = Step(
        "record_self_assessment",
        {"domain": _OPERATIONS, "percentage": "64", "taken_at": _instant(20)},
        ("SelfAssessmentRecorded",),
    )
    stages = ((self_assessed, responses, *_passes(_OPERATIONS, _CUSTOMERS, _LEADERSHIP)), *_WORK_PRODUCT)
    events = (*_STARTED, "SelfAssessmentRecorded", *_PASSED * 4, *_WORK_PRODUCT_EVENTS, "Certified")
    return (Candidacy("CCSL", _START, stages, events, "certified"),)


KINDS: dict[str, Callable[[], tuple[Candidacy, ...]]] = {
    "advancement of an associate": lambda: _advancement("CCMA", "CCOM"),
    "retake": _retake,
    "held and decided": _held_and_decided,
    "advancement of a consultant": lambda: _advancement("CCMC", "CCSL"),
    "returned and revised": _returned_and_revised,
    "withdrawal": _withdrawal,
    "out of order and twice": _out_of_order_and_twice,
    "results before the purchase": _results_before_the_purchase,
    "scored by a key": _scored_by_a_key,
}
"""Every kind of journey, by its name."""


def plans(journeys: int, seed: int, mark: str) -> list[Plan]:
    """A number of journeys, of all kinds in turn. `mark` makes the candidate ids unique on a server that is reused."""
    kinds = list(KINDS)
    random.Random(seed).shuffle(kinds)
    made = []
    for number in range(journeys):
        kind = kinds[number % len(kinds)]
        candidate_id = f"{mark}-{number:04}"
        person = {"name": "Zsófia Quarterstaff", "email": f"{candidate_id.lower()}@example.org"}
        made.append(Plan(number, kind, candidate_id, KINDS[kind](), person))
    return made
