"""Rule 6: an extension is refused where no requirement could be met by it."""

from datetime import timedelta

import pytest

from domain import events as e
from domain.decision import Refused
from tests.cases import each
from tests.unit.domain.builders import PEOPLE, START, Candidacy, border, days, local, with_rules


def extended(candidacy: Candidacy, until: str) -> list[str]:
    return candidacy.say("extend_deadline", until=until, reason="illness", approved_by="B. Oss")


def refused(candidacy: Candidacy, until: str, why: str) -> None:
    before = candidacy.state
    with pytest.raises(Refused, match=f"an extension cannot help: .*{why}") as refusal:
        extended(candidacy, until)
    assert refusal.value.code == "extension-cannot-help"
    assert candidacy.state == before


def used_up(first: str = "2026-12-01", **options: object) -> Candidacy:
    """Three failed attempts at one assessment, thirty-one days apart; the others are passed."""
    candidacy = Candidacy("CCMA", at=START, **options)  # type: ignore[arg-type]
    candidacy.pass_all(but=PEOPLE)
    for number in range(3):
        candidacy.result(PEOPLE, 10, at=local(first) + days(31 * number))
    return candidacy


def test_where_every_attempt_at_an_assessment_is_used_an_extension_gives_none_back() -> None:
    refused(used_up(), "2028-12-31", "every attempt at People Management is used without a pass")


def test_an_attempt_that_is_given_back_makes_an_extension_helpful_again() -> None:
    candidacy = used_up()
    attempt = candidacy.all(e.AssessmentFailed)[0].result
    fields = {"result_id": attempt.result_id, "domain": PEOPLE, "taken_at": attempt.taken_at, "revision": 2}
    candidacy.say("record_assessment_result", **fields, outcome="voided")
    assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]


def test_a_held_result_of_that_assessment_could_still_pass_it() -> None:
    candidacy = used_up()
    candidacy.result(PEOPLE, 80, passed=False, result_id="X")
    assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]


def test_where_the_settlement_of_the_attempts_runs_on_past_the_window_an_extension_is_taken() -> None:
    """R4 says what an extension does where two settlements overlap."""
    candidacy = used_up("2028-09-15")
    assert candidacy.state.settlements[PEOPLE] > border("2028-11-22")
    assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]


@each("verdict", ["submitted", "revise", "overdue"])
def test_where_only_a_work_product_is_missing_that_no_other_may_follow_an_extension_cannot_help(verdict: str) -> None:
    candidacy = Candidacy("CCOM", at=START)
    candidacy.pass_all()
    candidacy.submit("WP-0")
    candidacy.review("failed", "WP-0")
    candidacy.submit()
    if verdict != "submitted":
        candidacy.review("revise")
    if verdict == "overdue":
        candidacy.advance_to(border("2026-12-22"))
    refused(candidacy, "2028-12-31", "no other")


@each("verdict", ["submitted", "revise", "failed"])
def test_where_another_work_product_may_follow_an_extension_helps(verdict: str) -> None:
    candidacy = Candidacy("CCOM", at=START)
    candidacy.pass_all()
    candidacy.submit()
    if verdict != "submitted":
        candidacy.review(verdict)
    assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]


def test_where_the_work_product_must_be_passed_inside_the_window_an_extension_helps_its_review() -> None:
    scheme = with_rules(work_product={"inside_window": "passed", "failures": 1})
    candidacy = Candidacy("CCOM", at=START, of=scheme)
    candidacy.pass_all()
    candidacy.submit()
    assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]


def test_an_experience_that_counts_after_the_new_deadline_or_inside_the_old_one_is_not_helped() -> None:
    late = Candidacy(at=START, since=None).certify()
    late.say("record_experience", local("2028-03-01"), role="Director", started_on="2028-02-10")
    refused(late, "2028-12-31", "counts from 2029-02-10, after 2028-12-31")
    assert extended(late, "2029-02-10") == ["DeadlineExtended"]
    awaited = Candidacy(at=START, since="2026-06-01").certify()
    refused(awaited, "2028-12-31", "counts from 2027-06-01, inside the testing window as it is")


def test_an_experience_that_is_not_recorded_yet_or_ended_too_early_may_be_helped() -> None:
    for since, ended in ((None, None), ("2026-01-01", "2026-02-01")):
        candidacy = Candidacy(at=START, since=since, ended=ended).certify()
        assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]


def test_an_advancement_that_waits_for_the_lower_certificate_is_helped() -> None:
    candidacy = Candidacy("CCOM", at=START, advances_from="CCMA")
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(START + timedelta(hours=1))
    assert extended(candidacy, "2028-12-31") == ["DeadlineExtended"]
