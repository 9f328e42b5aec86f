"""One realistic event for every notice, and the facts that go with it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.requests import NoticeRequest
from domain import events as e
from domain.notices import notice_of
from domain.types import Score
from domain.vocabulary import CLOSED, HoldReason
from tests.scheme import SCHEME

PROGRAMME = SCHEME.programme("CCSL")
AT = datetime(2027, 3, 5, 15, 0, tzinfo=UTC)
BORDER = datetime(2028, 12, 7, 6, 0, tzinfo=UTC)
DAY = date(2028, 11, 22)
DOMAIN = "people-management"
NUMBER = "CIAC-CCSL-7F3K2"
COMMON: dict[str, Any] = {"sequence": 7, "at": AT}


def result(**changes: Any) -> e.ResultFacts:
    facts: dict[str, Any] = {
        "result_id": "R-1",
        "revision": 1,
        "domain": DOMAIN,
        "taken_at": AT,
        "outcome": "scored",
        "score": Score(points=Decimal(38), out_of=Decimal(51)),
    }
    return e.ResultFacts(**facts | changes)


DATES: dict[str, Any] = {
    "cycle": 1,
    "anchor": date(2027, 3, 5),
    "months": 36,
    "cycle_starts_on": date(2027, 3, 5),
    "expires_on": date(2030, 3, 5),
    "expires_at": BORDER,
    "window_opens_on": date(2029, 3, 5),
    "window_opens_at": BORDER,
    "grace_ends_on": date(2030, 6, 3),
    "lapses_at": BORDER,
    "ends_on": date(2031, 3, 5),
    "ends_at": BORDER,
}

RESULT = {"result": result(), **COMMON}
ATTEMPT = {**RESULT, "attempts": 1, "attempts_left": 2, "next_attempt_on": date(2027, 4, 4)}
LAST = {**RESULT, "attempts": 3, "attempts_left": 0}
REPLACED = e.Replaced(domain="operations-management", result_id="R-1", revision=1, percentage="81.66", passed=True)
REMINDER = {
    **COMMON,
    "due": AT,
    "what": "180 days to the testing deadline",
    "about": "testing",
    "border": DAY,
}
REVIEWED = {
    **COMMON,
    "submission_id": "WP-1",
    "reviewer": "R. Stone",
    "comments": "Tighten part 2.\nThen again.",
}
REASONED = {**COMMON, "reason": "Complaint 44 & its hearing", "by": "board"}
ADVANCE = {**COMMON, "target": "CCSL"}

EVENTS: list[e.BaseEvent] = [
    e.Registered(
        **COMMON,
        candidate_id="C-1001",
        designation="CCSL",
        path="standard",
        workflow_id="certification:CCSL:C-1001",
        enrolment="1",
        programme=PROGRAMME,
        abandons_at=BORDER,
    ),
    e.PurchaseConfirmed(
        **COMMON,
        reference="INV-77",
        purchased_at=AT,
        window_opens_on=date(2026, 11, 22),
        deadline=DAY,
        closes_at=BORDER,
        settles_at=BORDER,
    ),
    e.SelfAssessmentRecorded(
        **COMMON, domain=DOMAIN, score=Score(points=Decimal("60")), taken_at=AT, guidance="needs development"
    ),
    e.SelfAssessmentRecorded(
        **COMMON, domain=DOMAIN, score=Score(points=Decimal("90")), taken_at=AT, guidance="strength"
    ),
    e.AssessmentPassed(**COMMON, result=result(score=Score(points=Decimal("81.559")), passed=True)),
    e.AssessmentFailed(**ATTEMPT),
    e.AssessmentFailed(**LAST),
    e.NoShowRecorded(**ATTEMPT | {"result": result(outcome="no_show", score=None)}),
    e.ResultVoided(**COMMON, result=result(outcome="voided", score=None)),
    e.ResultHeld(**COMMON, result=result(score=None), reason=HoldReason.UNSCORED, explanation="no key"),
    e.ResultResolved(**RESULT, decision="accept", by="A. Clerk", reason="Center confirmed."),
    e.ResultHeld(**RESULT, reason=HoldReason.CONFLICT, explanation="other content", replaces=REPLACED),
    e.ResultResolved(**RESULT, decision="reject", by="A. Clerk", reason="Wrong person."),
    e.ResultResolved(**RESULT, decision="accept", by="A. Clerk", reason="The other was ours.", previous=REPLACED),
    e.ResultCorrected(**RESULT, previous=result(score=Score(points=Decimal(80)), passed=True)),
    e.ResultCorrected(**RESULT, previous=result(domain="operations-management", passed=True)),
    e.ExperienceMet(**COMMON, met_on=date(2027, 3, 1)),
    e.WorkProductSubmitted(
        **COMMON, submission_id="WP-1", uri="https://x.example/wp", sha256="0" * 64, submitted_at=AT
    ),
    e.WorkProductReturned(**REVIEWED, due_on=date(2027, 4, 4), due_at=BORDER),
    e.WorkProductPassed(**REVIEWED, score=Score(points=Decimal(91))),
    e.WorkProductFailed(**REVIEWED, score=Score(points=Decimal(51))),
    e.WorkProductFailed(**COMMON, submission_id="WP-1", cause="revision-missed"),
    e.ReminderDue(**REMINDER),
    e.ReminderDue(**REMINDER | {"about": "certificate", "what": "30 days to the expiry"}),
    e.ReminderDue(
        **REMINDER | {"about": "certificate", "what": "the day after the expiry", "border": date(2027, 3, 4)}
    ),
    e.DeadlineExtended(
        **COMMON,
        deadline=date(2029, 2, 1),
        previous=DAY,
        closes_at=BORDER,
        settles_at=BORDER,
        reason="Parental leave",
        approved_by="board",
    ),
    e.TestingWindowClosed(**COMMON, deadline=DAY, settles_at=BORDER),
    e.SettlementStarted(**COMMON, domain=DOMAIN, attempts=3, settles_at=BORDER),
    e.Certified(**COMMON, **DATES, number=NUMBER, certified_on=date(2027, 3, 5), effective_at=AT),
    e.RecertificationWindowOpened(**COMMON, cycle=1, expires_on=date(2030, 3, 5), programme=PROGRAMME),
    e.RecertificationSubmitted(**COMMON, submission_id="RC-1", submitted_at=AT, activities=1, phase="grace"),
    e.RecertificationSubmitted(**COMMON, submission_id="RC-1", submitted_at=AT, activities=3, phase="in_time"),
    e.RecertificationReturned(**REVIEWED),
    e.Recertified(**REVIEWED, **DATES, gap_from=date(2030, 3, 6)),
    e.CertificateExpired(**COMMON, expired_on=date(2030, 3, 5), grace_ends_on=date(2030, 6, 3)),
    e.CertificationLapsed(**COMMON, ends_on=date(2031, 3, 5)),
    e.Suspended(**REASONED, attention_at=BORDER),
    e.Reinstated(**REASONED),
    e.Revoked(**REASONED),
    e.AdvancementRequested(**ADVANCE, workflow_id="certification:CCSL:C-1001", reference="INV-78", purchased_at=AT),
    e.AdvancementRefused(**ADVANCE, reason="there is already an open candidacy for CCSL"),
    e.Superseded(**COMMON, by_workflow_id="certification:CCSL:C-1001", by_number=NUMBER),
    *(e.CandidacyClosed(**COMMON, status=status, reason="as the rules have it") for status in CLOSED),
]


def kebab(event: e.BaseEvent) -> str:
    """The notice of an event."""
    return notice_of(type(event))


def facts(event: e.BaseEvent, **changes: Any) -> dict[str, Any]:
    """The facts of a notice, as JSON."""
    kind = kebab(event)
    drop: dict[str, Any] = {
        **dict.fromkeys(("programme", "type", "workflow_id", "enrolment", "effective_on"), True),
        "digest": True,
        "result": {"digest", "responses"},
        "previous": {"digest", "responses"} if isinstance(event, e.ResultCorrected) else set(),
    }
    given: dict[str, Any] = {
        "designation": "CCSL",
        "title": PROGRAMME.title,
        "candidate_id": "C-1001",
        "path": "standard",
        "suspended": False,
        "body": PROGRAMME.body.model_dump(mode="json"),
        "passing_score": "75",
        "deadline": "2028-11-22",
        "certificate": None,
        "missing": ["the Customer Relationships assessment", "the work product"],
        "event": event.model_dump(mode="json", exclude=drop),
    }
    if "domain" in given["event"] or "result" in given["event"]:
        given["domain_title"] = "People Management"
    if isinstance(event, e.ResultEvent):
        given["pass_stands"] = False
    if isinstance(event, e.ResultCorrected):
        moved = event.previous.domain != event.result.domain
        given |= {"moved_from": "Operations Management" if moved else None, "previous_shown": True}
    if given["event"].get("replaces") or (kind == "result-resolved" and given["event"].get("previous")):
        given |= {"replaced_title": "Operations Management", "replaced_shown": True}
    if isinstance(event, e.SettlementStarted):
        given["closes_at"] = BORDER.isoformat()
    may_move_the_end = e.DeadlineExtended | e.ResultResolved | e.ResultCorrected | e.ResultVoided
    if isinstance(event, may_move_the_end) and changes.get("path") != "advancement":
        # There where attempts are used up and stay so.
        given |= {"closes_at": BORDER.isoformat(), "used_up": "People Management and Operations Management"}
    if isinstance(event, e.TestingWindowClosed | e.CandidacyClosed):
        given["lower"] = "CCMC"  # there on the advancement path alone
    if kind == "certified":
        given["worth"] = PROGRAMME.worth
    if re.match(r"certif|recertif|suspended|reinstated|revoked|superseded|advancement", kind):
        given |= {
            "certificate": {"number": NUMBER, "expires_on": "2030-03-05", "certified_on": "2027-03-05"},
            "missing": [],
        }
    return given | changes


def attempt(age: timedelta = timedelta(0)) -> ActivityEnvironment:
    """An attempt of an activity that was scheduled so long ago."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, scheduled_time=datetime.now(UTC) - age)
    return environment


def request(event: e.BaseEvent = EVENTS[4], **changes: Any) -> NoticeRequest:
    """A request to send the notice of an event."""
    fields: dict[str, Any] = {
        "key": "certification:CCSL:C-1001/1/7",
        "notice": kebab(event),
        "queued_at": AT,
        "to_name": "Ana Ruiz",
        "to_email": "ana@example.org",
        "facts": facts(event),
    }
    return NoticeRequest(**fields | changes)
