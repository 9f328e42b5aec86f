"""Rules 9 to 13: attempts, retakes, holds, revisions and corrections."""

import itertools
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from domain import events as e
from domain import rulebook
from domain.inquiries import Inquiry, ScoreResponses
from domain.types import Score
from tests.cases import each
from tests.unit.domain.builders import (
    CUSTOMERS,
    PEOPLE,
    START,
    Candidacy,
    border,
    day,
    days,
    last_moment,
    local,
    parse,
    with_rules,
)
from views.timeline import summary_of

AT = START + days(1)


def failed(candidacy: Candidacy, count: int, *, apart: int = 30) -> None:
    """So many failures, as far apart."""
    for number in range(count):
        candidacy.result(PEOPLE, 10, AT + days(apart * number), at=AT + days(apart * number), result_id=f"F-{number}")


def held(candidacy: Candidacy) -> set[str]:
    """The ids and revisions of what is held."""
    return {hold.key for hold in candidacy.state.held.values()}


# --- rule 9 ---


def test_each_assessment_is_passed_by_itself_and_there_is_no_average() -> None:
    candidacy = Candidacy("CCMA")
    for domain in candidacy.state.programme.domains:
        candidacy.result(domain, 100 if domain != PEOPLE else 69)
    assert candidacy.status == "testing"
    assert candidacy.assessment(PEOPLE).status == "open"
    assert candidacy.assessment(CUSTOMERS).status == "passed"


def test_the_first_pass_stands_and_later_results_change_nothing() -> None:
    candidacy = Candidacy("CCMA")
    candidacy.result(PEOPLE, 75, AT, at=AT)
    for later, outcome in ((40, {}), (95, {}), (None, {"outcome": "no_show"})):
        assert candidacy.result(PEOPLE, later, AT + days(1), at=candidacy.clock + days(1), **outcome) == [
            "ResultRecorded"
        ]
    assert candidacy.result(PEOPLE, None, AT + days(1), outcome="voided") == ["ResultVoided"]
    deciding = candidacy.assessment(PEOPLE).deciding
    assert deciding is not None
    assert deciding.score == Score(points=Decimal("75"))
    assert candidacy.assessment(PEOPLE).attempts == 1


def test_an_earlier_pass_that_arrives_later_is_the_first_pass() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, START + days(40), at=START + days(41), result_id="B")
    candidacy.result(PEOPLE, 80, START + days(5), result_id="A")
    deciding = candidacy.assessment(PEOPLE).deciding
    assert deciding is not None
    assert deciding.result_id == "A"


@each("order", list(itertools.permutations(range(4))))
def test_arrival_order_changes_nothing(order: tuple[int, ...]) -> None:
    """Two failures, the pass of the third attempt, and a later result that changes nothing."""
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(START + days(200))
    for number in order:
        candidacy.result(PEOPLE, (10, 20, 90, 30)[number], AT + days(30 * number), result_id=f"R-{number}")
    assessment = candidacy.assessment(PEOPLE)
    assert not candidacy.state.held
    assert (assessment.status, assessment.attempts) == ("passed", 3)


@each("order", list(itertools.permutations(range(4))))
def test_a_pass_at_the_fourth_attempt_is_held_in_whatever_order_it_arrives(order: tuple[int, ...]) -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(START + days(100))
    for number in order:
        candidacy.result(PEOPLE, (10, 20, 30, 90)[number], AT + days(30 * number), result_id=f"R-{number}")
    assert [hold.reason for hold in candidacy.state.held.values()] == ["too-many-attempts"]
    assert candidacy.assessment(PEOPLE).attempts == 3


# --- rule 10: retakes ---


@each(
    ("later", "event"),
    [("2027-02-13", "ResultHeld"), ("2027-02-14", "AssessmentPassed"), ("2027-03-01", "AssessmentPassed")],
)
def test_a_retake_on_day_30_is_allowed_and_on_day_29_held(later: str, event: str) -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 50, local("2027-01-15", "23:30:00"), at=local("2027-01-16"))
    assert candidacy.last(e.AssessmentFailed).next_attempt_on == day("2027-02-14")
    assert candidacy.result(PEOPLE, 90, local(later, "00:00:00"), at=local(later, "18:00:00")) == [event]


def test_thirty_days_are_calendar_days_in_the_zone_even_across_summer_time() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 50, local("2027-02-20", "23:59:59"), at=local("2027-02-21"))
    assert candidacy.result(PEOPLE, 90, local("2027-03-22", "00:00:00"), at=local("2027-03-22")) == ["AssessmentPassed"]


def test_a_retake_too_early_is_held_uses_no_attempt_and_is_explained() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 50, AT, at=AT, result_id="A")
    assert candidacy.result(PEOPLE, 90, AT + days(29), at=AT + days(29), result_id="B") == ["ResultHeld"]
    held = candidacy.last(e.ResultHeld)
    assert (held.reason, candidacy.assessment(PEOPLE).attempts) == ("too-early", 1)
    assert "A" in held.explanation
    assert candidacy.attention == ["held-result:B"]


@each(("decision", "status", "attempts"), [("accept", "passed", 2), ("reject", "open", 1)])
def test_a_person_accepts_or_rejects_a_held_result(decision: str, status: str, attempts: int) -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 50, AT, at=AT)
    candidacy.result(PEOPLE, 90, AT + days(10), at=AT + days(10), result_id="B")
    assert candidacy.accept("B", decision) == ["ResultResolved"]
    resolved = candidacy.last(e.ResultResolved)
    assert (resolved.by, resolved.reason, resolved.decision) == ("B. Oss", "looked at", decision)
    assert (candidacy.assessment(PEOPLE).status, candidacy.assessment(PEOPLE).attempts) == (status, attempts)
    assert not candidacy.attention
    assert not candidacy.state.held


def test_a_rejected_hold_delivered_again_is_known_and_uses_no_attempt() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 50, AT, at=AT)
    candidacy.result(PEOPLE, 90, AT + days(10), at=AT + days(10), result_id="B")
    candidacy.accept("B", "reject")
    assert candidacy.result(PEOPLE, 90, AT + days(10), result_id="B") == []
    assert candidacy.result(PEOPLE, 90, AT + days(30), at=AT + days(30), result_id="C") == ["AssessmentPassed"]


def test_a_no_show_uses_an_attempt_and_keeps_its_distance() -> None:
    candidacy = Candidacy("CCMA", at=START)
    assert candidacy.result(PEOPLE, None, AT, at=AT, outcome="no_show") == ["NoShowRecorded"]
    event = candidacy.last(e.NoShowRecorded)
    assert (event.attempts, event.attempts_left) == (1, 2)
    assert candidacy.result(PEOPLE, 90, AT + days(29), at=AT + days(29)) == ["ResultHeld"]


def test_the_fourth_attempt_is_held() -> None:
    candidacy = Candidacy("CCMA", at=START, of=with_rules(retakes={"wait_days": 5}))
    failed(candidacy, 3)
    assert candidacy.result(PEOPLE, 90, AT + days(70), at=AT + days(70)) == ["ResultHeld"]
    assert candidacy.last(e.ResultHeld).reason == "too-many-attempts"


def test_the_third_used_attempt_starts_the_settlement_and_then_the_candidacy_is_refused() -> None:
    candidacy = Candidacy("CCMA", at=START)
    failed(candidacy, 2)
    third = AT + days(60)
    assert candidacy.result(PEOPLE, None, third, at=third, outcome="no_show") == ["NoShowRecorded", "SettlementStarted"]
    assert candidacy.last(e.NoShowRecorded).attempts_left == 0
    assert candidacy.last(e.NoShowRecorded).next_attempt_on is None
    assert (candidacy.status, candidacy.assessment(PEOPLE).status) == ("settling", "exhausted")
    candidacy.advance_to(last_moment("2027-02-05"))
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2027-02-05"))
    assert candidacy.status == "refused"
    assert "People Management" in candidacy.last(e.CandidacyClosed).reason


def test_a_correction_in_the_settlement_lifts_it() -> None:
    candidacy = Candidacy("CCMA", at=START)
    failed(candidacy, 3)
    assert candidacy.status == "settling"
    again = candidacy.result(PEOPLE, 90, AT + days(60), result_id="F-2", revision=2)
    assert again == ["ResultCorrected", "SettlementLifted"]
    candidacy.advance_to(START + days(200))
    assert candidacy.status == "testing"


def test_a_voided_attempt_gives_it_back_and_lifts_the_settlement() -> None:
    candidacy = Candidacy("CCMA", at=START)
    failed(candidacy, 3)
    candidacy.result(PEOPLE, None, AT + days(30), result_id="F-1", revision=2, outcome="voided")
    assert (candidacy.assessment(PEOPLE).attempts, candidacy.status) == (2, "testing")
    assert candidacy.result(PEOPLE, 90, AT + days(90), at=AT + days(90)) == ["AssessmentPassed"]


def test_a_hold_of_the_same_domain_keeps_an_exhausted_candidacy_open() -> None:
    candidacy = Candidacy("CCMA", at=START)
    failed(candidacy, 3)
    candidacy.result(PEOPLE, 90, AT + days(61), at=AT + days(61), result_id="FOURTH")
    candidacy.advance_to(START + days(300))
    assert candidacy.status == "settling"
    assert candidacy.attention == ["held-result:FOURTH"]
    assert candidacy.accept("FOURTH", "reject") == ["ResultResolved", "CandidacyClosed"]
    assert candidacy.status == "refused"


def test_an_accepted_fourth_attempt_that_passes_lifts_the_settlement() -> None:
    candidacy = Candidacy("CCMA", at=START)
    failed(candidacy, 3)
    candidacy.result(PEOPLE, 90, AT + days(61), at=AT + days(61), result_id="FOURTH")
    assert candidacy.accept("FOURTH") == ["ResultResolved", "SettlementLifted"]
    assert (candidacy.status, candidacy.assessment(PEOPLE).status) == ("testing", "passed")


def test_retakes_after_45_days_need_only_another_number() -> None:
    candidacy = Candidacy("CCMA", at=START, of=with_rules(retakes={"wait_days": 45, "attempts": 1}))
    candidacy.result(PEOPLE, 50, AT, at=AT)
    assert candidacy.status == "settling"


# --- rule 11: duplicates, conflicts, revisions, corrections ---


def test_the_same_again_is_a_duplicate_whatever_its_spelling() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 81.5, AT, at=AT, result_id="A")
    before = candidacy.state
    for percentage in (81.5, "81.50", "8.15e1"):
        again = {"result_id": "A", "domain": PEOPLE, "percentage": percentage, "message_id": f"m-{percentage}"}
        assert candidacy.say("record_assessment_result", **again, taken_at="2026-11-23T09:00:00-06:00") == []
        assert candidacy.say("record_assessment_result", **again, taken_at="2026-11-23T15:00:00.000Z", revision=1) == []
    assert candidacy.state == before


def test_responses_in_another_order_are_the_same_content() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.answer_key = Score(points=Decimal("80"))
    answers: dict[str, Any] = {"form": "PM-1", "responses": {"1": "A", "2": "B"}, "result_id": "A"}
    assert candidacy.result(PEOPLE, None, START, **answers) == ["AssessmentPassed"]
    swapped = answers | {"responses": {"2": "B", "1": "A"}}
    assert candidacy.result(PEOPLE, None, START, **swapped) == []
    assert candidacy.result(PEOPLE, None, START, **(answers | {"responses": ["A", "B"]})) == []


@each(("decision", "status"), [("accept", "passed"), ("reject", "open")])
def test_the_same_revision_with_other_content_is_a_conflict(decision: str, status: str) -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == ["ResultHeld"]
    assert candidacy.last(e.ResultHeld).reason == "conflict"
    assert candidacy.assessment(PEOPLE).status == "open"
    assert candidacy.result(PEOPLE, 60, AT, result_id="A") == []
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == []
    candidacy.accept("A", decision)
    assert candidacy.assessment(PEOPLE).status == status
    assert candidacy.assessment(PEOPLE).attempts == 1
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == []


def test_a_higher_revision_supersedes_and_the_timeline_keeps_both() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    assert candidacy.result(PEOPLE, 71, AT, result_id="A", revision=2) == ["ResultCorrected"]
    corrected = candidacy.last(e.ResultCorrected)
    assert (corrected.previous.revision, corrected.result.revision) == (1, 2)
    assert "60.00 %" in summary_of(corrected)
    assert "71.00 %" in summary_of(corrected)
    assert (candidacy.assessment(PEOPLE).status, candidacy.assessment(PEOPLE).attempts) == ("passed", 1)


def test_a_correction_before_certification_may_take_a_pass_back() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 60, AT, result_id="A", revision=3)
    assert candidacy.assessment(PEOPLE).status == "open"


@each("order", list(itertools.permutations((1, 2, 3))))
def test_revisions_in_any_order_end_in_the_highest(order: tuple[int, ...]) -> None:
    candidacy = Candidacy("CCMA", at=AT)
    for revision in order:
        candidacy.result(PEOPLE, {1: 50, 2: 90, 3: 60}[revision], AT, result_id="A", revision=revision)
    assert candidacy.state.results["A"].revision == 3
    assert (candidacy.assessment(PEOPLE).status, candidacy.assessment(PEOPLE).attempts) == ("open", 1)
    recorded = [event.result.revision for event in candidacy.events if isinstance(event, e.ResultEvent)]
    assert recorded == list(order)


def test_a_lower_revision_is_taken_while_the_higher_one_is_only_held() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A", revision=2, passed=False)
    assert candidacy.last(e.ResultHeld).reason == "flag-contradicts-score"
    assert candidacy.result(PEOPLE, 50, AT, result_id="A", revision=1) == ["AssessmentFailed"]
    assert held(candidacy) == {"A#2"}
    candidacy.accept("A", "reject")
    assert candidacy.assessment(PEOPLE).attempts == 1


def test_a_counted_higher_revision_ends_the_hold_of_a_lower_one() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A", revision=1, passed=False)
    assert candidacy.result(PEOPLE, 90, AT, result_id="A", revision=2, passed=True) == ["AssessmentPassed"]
    assert not candidacy.state.held
    assert not candidacy.attention


def test_revisions_are_held_side_by_side_until_one_is_counted_and_all_are_known_then() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    for revision in (1, 2):
        candidacy.result(PEOPLE, 90, AT, result_id="A", revision=revision, passed=False)
    assert held(candidacy) == {"A#1", "A#2"}
    assert candidacy.result(PEOPLE, 90, AT, result_id="A", revision=1, passed=False) == []
    candidacy.result(PEOPLE, 90, AT, result_id="A", revision=3, passed=True)
    assert held(candidacy) == set()
    for revision in (1, 2):
        assert candidacy.result(PEOPLE, 90, AT, result_id="A", revision=revision, passed=False) == []


@pytest.mark.parametrize("order", list(itertools.permutations(("1", "2", "purchase"))), ids="-".join)
def test_a_held_revision_is_not_lost_with_a_higher_one_that_is_rejected(order: tuple[str, ...]) -> None:
    candidacy = Candidacy("CCMA", paid=False, at=AT)
    told: dict[str, Callable[[], object]] = {
        "1": lambda: candidacy.result(PEOPLE, 90, AT, result_id="A"),
        "2": lambda: candidacy.result(PEOPLE, 20, AT, result_id="A", revision=2, passed=True),
        "purchase": lambda: candidacy.say("confirm_purchase", reference="I", purchased_at=AT),
    }
    for name in order:
        told[name]()
    candidacy.accept("A", "reject", revision=2)
    assert held(candidacy) == set()
    assert candidacy.assessment(PEOPLE).status == "passed"


def test_where_several_revisions_are_held_one_must_be_named() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A", revision=2, passed=False)
    candidacy.result(PEOPLE, 95, AT, result_id="A", revision=1, passed=False)
    given = {"result_id": "A", "decision": "accept", "by": "B. Oss", "reason": "seen"}
    assert candidacy.refused("resolve_held_result", **given) == "which-revision"
    assert candidacy.refused("resolve_held_result", **given, revision=3) == "not-held"
    assert candidacy.say("resolve_held_result", **given, revision=2) == ["ResultResolved"]
    assert not candidacy.state.held


def test_a_correction_after_certification_is_held_and_accepted_it_leaves_the_certificate() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.status == "certified"
    assert candidacy.result(PEOPLE, 50, AT, result_id="A", revision=2) == ["ResultHeld"]
    assert candidacy.last(e.ResultHeld).reason == "after-certification"
    assert candidacy.accept("A") == ["ResultResolved", "AttentionRaised"]
    assert candidacy.status == "certified"
    assert candidacy.state.in_force(candidacy.clock)
    assert candidacy.assessment(PEOPLE).status == "open"
    candidacy.advance_to(AT + days(900))
    assert candidacy.status == "recertifying"


def test_a_correction_after_certification_that_keeps_the_pass_is_recorded() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.result(PEOPLE, 91, AT, result_id="A", revision=2) == ["ResultCorrected"]
    assert candidacy.result(PEOPLE, 20, AT + days(3), at=AT + days(3)) == ["ResultRecorded"]


def test_a_voided_pass_after_certification_is_held() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.result(PEOPLE, None, AT, result_id="A", revision=2, outcome="voided") == ["ResultHeld"]


@each(
    ("percentage", "flag", "event"),
    [
        (90, True, "AssessmentPassed"),
        (90, False, "ResultHeld"),
        (50, True, "ResultHeld"),
        (50, False, "AssessmentFailed"),
    ],
)
def test_a_flag_that_contradicts_the_score_is_held(percentage: int, flag: bool, event: str) -> None:
    candidacy = Candidacy("CCMA", at=AT)
    assert candidacy.result(PEOPLE, percentage, AT, result_id="A", passed=flag) == [event]
    if event == "ResultHeld":
        candidacy.accept("A")
        # The score decides; the flag only asked for a look.
        assert candidacy.assessment(PEOPLE).status == ("passed" if percentage == 90 else "open")


# --- rule 12: voided, and what cannot be scored ---


def test_a_voided_attempt_uses_none() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    assert candidacy.result(PEOPLE, None, AT, outcome="voided") == ["ResultVoided"]
    assert candidacy.assessment(PEOPLE).attempts == 0
    assert candidacy.result(PEOPLE, 90, AT + days(1), at=AT + days(1)) == ["AssessmentPassed"]


def test_a_voided_no_show_is_given_back() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, None, AT, result_id="A", outcome="no_show")
    candidacy.result(PEOPLE, None, AT, result_id="A", revision=2, outcome="voided")
    assert candidacy.assessment(PEOPLE).attempts == 0
    assert candidacy.result(PEOPLE, 90, AT + days(1), at=AT + days(1)) == ["AssessmentPassed"]


def test_what_cannot_be_scored_is_held_and_scored_anew_when_it_is_accepted() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    assert candidacy.result(PEOPLE, None, AT, result_id="A", form="PM-9", responses=["A", "B"]) == ["ResultHeld"]
    assert candidacy.last(e.ResultHeld).reason == "unscored"
    given = {"result_id": "A", "decision": "accept", "by": "B. Oss", "reason": "the key is there now"}
    assert candidacy.refused("resolve_held_result", **given) == "cannot-score"
    candidacy.answer_key = Score(points=Decimal("40"), out_of=Decimal("50"))
    assert candidacy.say("resolve_held_result", **given) == ["ResultResolved"]
    assert candidacy.assessment(PEOPLE).status == "passed"
    assert candidacy.state.results["A"].responses is None


def marked(candidacy: Candidacy, taken_at: datetime = AT, **fields: Any) -> Inquiry | None:
    """What is asked before a result that comes as responses is decided."""
    given = {
        "result_id": "A",
        "domain": PEOPLE,
        "taken_at": taken_at,
        "form": "PM-9",
        "responses": ["A", "B"],
        **fields,
    }
    return rulebook.inquiry(candidacy.state, parse("record_assessment_result", **given))


def test_responses_are_marked_while_their_score_may_change_something() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    assert isinstance(marked(candidacy), ScoreResponses)
    candidacy.result(PEOPLE, None, AT, result_id="A", form="PM-9", responses=["A", "B"])
    assert held(candidacy) == {"A#1"}
    assert isinstance(marked(candidacy), ScoreResponses), "the answer key may be there now"


def test_responses_whose_score_changes_nothing_are_not_marked() -> None:
    """Otherwise a feed that is delivered whole every night would have them marked every night."""
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.answer_key = Score(points=Decimal("40"), out_of=Decimal("50"))
    candidacy.result(PEOPLE, None, AT, result_id="A", form="PM-9", responses=["A", "B"])
    assert marked(candidacy) is None, "it is taken already"
    assert marked(candidacy, revision=2) is not None
    assert candidacy.state.window
    candidacy.advance_to(candidacy.state.window.closes_at + days(1))
    assert marked(candidacy, candidacy.clock, result_id="B") is None, "it was taken after the window had ended"
    assert marked(candidacy, AT, result_id="C") is not None
    higher = Candidacy("CCOM", at=AT, advances_from="CCMA")
    assert marked(higher) is None, "no result is taken on the advancement path"


def test_an_unscored_result_may_be_rejected_without_a_key() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, None, AT, result_id="A", form="PM-9", responses=["A"])
    assert candidacy.accept("A", "reject") == ["ResultResolved"]


def test_resolving_what_is_not_held_is_refused() -> None:
    given = {"result_id": "A", "decision": "accept", "by": "B. Oss", "reason": "?"}
    assert Candidacy("CCMA").refused("resolve_held_result", **given) == "not-held"


# --- rule 13: before the purchase ---


def test_a_result_before_the_purchase_is_held_and_then_taken_by_itself() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    assert candidacy.result(PEOPLE, 90, START + days(3), at=START + days(3), result_id="LATER") == ["ResultHeld"]
    candidacy.result(CUSTOMERS, 90, START + days(1), result_id="EARLIER")
    bought = START + days(2)
    events = candidacy.say("confirm_purchase", START + days(5), reference="INV-1", purchased_at=bought)
    assert events == ["PurchaseConfirmed", "AssessmentPassed"]
    assert candidacy.assessment(PEOPLE).status == "passed"
    assert held(candidacy) == {"EARLIER#1"}
    assert candidacy.attention == ["held-result:EARLIER"]
    assert candidacy.accept("EARLIER") == ["ResultResolved"]
    assert candidacy.assessment(CUSTOMERS).status == "passed"


def test_a_result_taken_before_the_confirmed_purchase_is_held() -> None:
    candidacy = Candidacy("CCMA", at=START)
    assert candidacy.result(PEOPLE, 90, last_moment("2026-11-21")) == ["ResultHeld"]
    assert candidacy.result(PEOPLE, 90, border("2026-11-21")) == ["AssessmentPassed"]


def test_what_was_held_for_the_purchase_is_taken_in_the_order_in_which_it_was_taken() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.advance_to(START + days(40))
    candidacy.result(PEOPLE, 90, START + days(35), result_id="B")
    candidacy.result(PEOPLE, 10, START + days(3), result_id="A")
    candidacy.result(CUSTOMERS, 90, START + days(20), result_id="C2")
    candidacy.result(CUSTOMERS, 10, START + days(3), result_id="C1")
    candidacy.say("confirm_purchase", reference="INV-1", purchased_at=START)
    assert candidacy.assessment(PEOPLE).attempts == 2
    assert candidacy.assessment(PEOPLE).status == "passed"
    assert [(hold.result.result_id, hold.reason) for hold in candidacy.state.held.values()] == [("C2", "too-early")]


@each("order", [(1, 2), (2, 1)])
def test_revisions_held_for_the_purchase_end_in_the_highest(order: tuple[int, int]) -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.advance_to(START + days(4))
    for revision in order:
        candidacy.result(PEOPLE, {1: 90, 2: 50}[revision], START + days(3), result_id="A", revision=revision)
    candidacy.say("confirm_purchase", reference="INV-1", purchased_at=START)
    assert candidacy.state.results["A"].revision == 2
    assert candidacy.assessment(PEOPLE).status == "open"
    assert not candidacy.state.held


def test_a_contradicting_flag_is_not_forgotten_with_the_purchase() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.result(PEOPLE, 90, START, result_id="A", passed=False)
    candidacy.say("confirm_purchase", reference="INV-1", purchased_at=START)
    (hold,) = candidacy.state.held.values()
    assert hold.reason == "flag-contradicts-score"
    assert candidacy.assessment(PEOPLE).status == "open"


def test_before_the_purchase_nothing_can_be_accepted_but_rejected() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.result(PEOPLE, 90, START, result_id="A")
    given = {"result_id": "A", "by": "B. Oss", "reason": "?"}
    assert candidacy.refused("resolve_held_result", **given, decision="accept") == "purchase-not-confirmed"
    assert candidacy.say("resolve_held_result", **given, decision="reject") == ["ResultResolved"]


def test_results_for_different_domains_after_an_outage_are_all_taken() -> None:
    candidacy = Candidacy("CCMA", at=START)
    results = [
        parse("record_assessment_result", result_id=domain, domain=domain, taken_at=AT, percentage=90)
        for domain in candidacy.state.programme.domains
    ]
    candidacy.outage_until(START + days(50), *results)
    assert candidacy.status == "certified"
