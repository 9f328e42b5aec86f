"""A deadline that has been rung, and waits for a person, is not published any more: nobody must count it as overdue."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain import rulebook
from tests.cases import each
from tests.unit.domain.builders import OPERATIONS, PEOPLE, START, Candidacy, border, holder, last_moment, local


def held_past_the_settlement() -> Candidacy:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 80, passed=False, result_id="X")
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.status == "settling"
    return candidacy


def held_after_the_last_attempt() -> Candidacy:
    candidacy = Candidacy("CCMA", at=START)
    for taken in ("2026-12-01", "2027-01-05", "2027-02-10"):
        candidacy.result(OPERATIONS, 10, at=local(taken))
    candidacy.result(OPERATIONS, 80, at=local("2027-02-11"), passed=False, result_id="X")
    candidacy.advance_to(local("2027-06-01"))
    assert candidacy.status == "settling"
    return candidacy


def work_product_under_review() -> Candidacy:
    candidacy = Candidacy(at=START)
    candidacy.pass_all()
    candidacy.submit(at=last_moment("2028-11-22"))
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.status == "awaiting_review"
    return candidacy


def evidence_under_review_past(instant: datetime, submitted: str) -> Callable[[], Candidacy]:
    def held() -> Candidacy:
        candidacy = holder()
        candidacy.evidence("E-1", "2029-06-01", local(submitted))
        candidacy.advance_to(instant)
        assert "review-waiting" in candidacy.attention
        return candidacy

    return held


@each(
    "waiting",
    [
        held_past_the_settlement,
        held_after_the_last_attempt,
        work_product_under_review,
        evidence_under_review_past(local("2030-04-01"), "2030-03-01"),
        evidence_under_review_past(local("2030-10-01"), "2030-06-01"),
        evidence_under_review_past(local("2032-01-01"), "2031-02-01"),
    ],
)
def test_a_border_that_waits_for_a_decision_is_no_next_deadline(waiting: Callable[[], Candidacy]) -> None:
    candidacy = waiting()
    deadline = rulebook.next_border(candidacy.state)
    assert deadline is None or deadline.at > candidacy.clock


def test_a_border_that_nobody_rang_stays_the_next_deadline() -> None:
    candidacy = Candidacy("CCMA", at=START)
    closes = border("2028-11-22")
    candidacy.advance_to(closes - timedelta(seconds=1))
    deadline = rulebook.next_border(candidacy.state)
    assert deadline is not None
    assert deadline.at == closes, "whoever looks a year later still finds this very deadline"
