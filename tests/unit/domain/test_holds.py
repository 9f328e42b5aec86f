"""Why results are held, how a person decides on them, and what an acceptance replaces (R2, R6, R7, R16, R18)."""

from decimal import Decimal
from typing import Any

import pytest

from domain import events as e
from domain.decision import Refused
from domain.types import Score
from domain.vocabulary import Attention, AttentionKind
from tests.cases import each
from tests.unit.domain.builders import (
    CUSTOMERS,
    OPERATIONS,
    PEOPLE,
    START,
    Candidacy,
    days,
    local,
    with_rules,
)
from views.attention import attention_view
from views.status import AttentionView
from views.timeline import summary_of

AT = START + days(1)
WHO = {"by": "B. Oss", "reason": "looked at"}


def numbers(candidacy: Candidacy) -> list[int]:
    """The numbers of the holds, oldest first."""
    return list(candidacy.state.held)


def resolve(candidacy: Candidacy, decision: str = "accept", **fields: Any) -> list[str]:
    given: dict[str, Any] = {"result_id": "A", "decision": decision, **WHO}
    return candidacy.say("resolve_held_result", **(given | fields))


def refusal(candidacy: Candidacy, decision: str = "accept", **fields: Any) -> Refused:
    before = candidacy.state
    with pytest.raises(Refused) as refused:
        resolve(candidacy, decision, **fields)
    assert candidacy.state == before
    return refused.value


def seen(candidacy: Candidacy) -> AttentionView:
    (view,) = attention_view(candidacy.state)
    return view


# --- R2: every reason, waived by accepting ---


def test_a_hold_names_every_reason_and_accepting_waives_them_all() -> None:
    candidacy = Candidacy("CCMA", at=START, of=with_rules(retakes={"attempts": 1}))
    candidacy.result(PEOPLE, 10, AT, at=AT)
    candidacy.result(PEOPLE, 90, AT + days(10), at=AT + days(10), result_id="A", passed=False)
    held = candidacy.last(e.ResultHeld)
    assert held.reasons == ("flag-contradicts-score", "too-early", "too-many-attempts")
    assert held.reason == held.reasons[0]
    assert resolve(candidacy) == ["ResultResolved", "SettlementLifted"]
    assert candidacy.assessment(PEOPLE).status == "passed"


def test_a_reason_that_has_come_since_holds_the_result_once_more() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(AT + days(200))
    candidacy.result(PEOPLE, 90, AT + days(100), result_id="A", passed=False)
    candidacy.result(PEOPLE, 10, AT + days(80), result_id="B")
    first = numbers(candidacy)[0]
    assert resolve(candidacy) == ["ResultResolved", "ResultHeld"]
    assert candidacy.last(e.ResultResolved).held_again
    held = candidacy.last(e.ResultHeld)
    assert (held.reasons, held.waived, held.instead_of) == (("too-early",), ("flag-contradicts-score",), first)
    assert candidacy.assessment(PEOPLE).attempts == 1
    assert resolve(candidacy, hold=held.sequence, reason="and this is accepted too") == ["ResultResolved"]
    assert candidacy.assessment(PEOPLE).status == "passed"


def test_what_has_come_since_stands_in_the_advice() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(AT + days(200))
    candidacy.result(PEOPLE, 90, AT + days(100), result_id="A", passed=False)
    candidacy.result(PEOPLE, 10, AT + days(80), result_id="B")
    assert "since then also: less than 30 days apart from the attempt B" in seen(candidacy).what


def test_a_result_that_was_held_more_than_once_is_decided_by_the_number_of_its_hold() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    assert not seen(candidacy).name_hold
    resolve(candidacy, "reject")
    candidacy.result(PEOPLE, 95, AT, result_id="A")
    (number,) = numbers(candidacy)
    refused = refusal(candidacy)
    assert refused.code == "which-hold"
    assert str(number) in refused.reason
    assert (seen(candidacy).name_hold, seen(candidacy).hold) == (True, number)
    assert resolve(candidacy, hold=number) == ["ResultResolved"]
    assert candidacy.assessment(PEOPLE).status == "passed"


# --- R6: third contents, rejected contents, newer revisions ---


def test_a_third_content_of_a_held_revision_is_held_beside_the_first_and_each_is_decided_by_its_own_hold() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == ["ResultHeld"]
    assert candidacy.result(PEOPLE, 95, AT, result_id="A") == ["ResultHeld"]
    first, second = numbers(candidacy)
    assert candidacy.attention == ["held-result:A"]
    assert refusal(candidacy).code == "which-hold"
    assert resolve(candidacy, "reject", hold=first) == ["ResultResolved"]
    assert candidacy.attention == ["held-result:A"]
    assert resolve(candidacy, hold=second, reason="the right one") == ["ResultResolved"]
    assert candidacy.state.results["A"].score == Score(points=Decimal(95))
    for percentage in (60, 90, 95):
        assert candidacy.result(PEOPLE, percentage, AT, result_id="A") == []


def test_each_of_several_held_revisions_says_which_one_it_is() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A", passed=False)
    [alone] = attention_view(candidacy.state)
    assert alone.what.startswith("People Management, 90.00 %, passed")
    candidacy.result(PEOPLE, 20, AT, result_id="A", revision=2, passed=True)
    assert summary_of(candidacy.last(e.ResultHeld)).startswith(
        "Result A (people-management, revision 2, 20.00 %, not passed) held"
    )
    assert [one.what.partition(";")[0] for one in attention_view(candidacy.state)] == [
        "People Management, revision 1, 90.00 %, passed",
        "People Management, revision 2, 20.00 %, not passed",
    ]


def test_the_second_of_two_held_contents_conflicts_with_the_first_once_that_is_accepted() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A", passed=False)
    candidacy.result(PEOPLE, 80, AT, result_id="A", passed=False)
    first, second = numbers(candidacy)
    resolve(candidacy, hold=second)
    assert "accepting it replaces revision 1 in People Management (80.00 %, passed)" in seen(candidacy).what
    assert resolve(candidacy, hold=first, reason="no, this one") == ["ResultResolved", "ResultHeld"]
    assert candidacy.last(e.ResultHeld).reasons == ("conflict",)


def test_more_than_five_contents_of_one_revision_are_refused() -> None:
    candidacy = Candidacy("CCMA", at=START)
    for percentage in range(5):
        candidacy.result(PEOPLE, percentage, START, result_id="A", passed=True)
    given = {"result_id": "A", "domain": PEOPLE, "taken_at": START, "percentage": 99}
    assert len(candidacy.state.held) == 5
    assert candidacy.refused("record_assessment_result", **given) == "already-held"


def test_rejected_content_stays_known_and_another_content_is_a_new_conflict() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A", passed=False)
    resolve(candidacy, "reject")
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == []
    assert candidacy.result(PEOPLE, 91, AT, result_id="A") == ["ResultHeld"]
    assert candidacy.last(e.ResultHeld).reasons == ("conflict",)


def test_replaced_content_that_comes_again_is_a_duplicate() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    resolve(candidacy)
    assert candidacy.result(PEOPLE, 60, AT, result_id="A") == []
    assert candidacy.assessment(PEOPLE).status == "passed"


def test_a_conflict_never_undoes_a_newer_revision_and_can_only_be_rejected() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 90, AT, result_id="A", revision=2)
    assert candidacy.result(PEOPLE, 10, AT, result_id="A", revision=1) == ["ResultHeld"]
    refused = refusal(candidacy)
    assert refused.code == "newer-revision"
    assert "revision 2" in refused.reason
    assert seen(candidacy).decisions == ("reject",)
    assert "a newer revision stands" in seen(candidacy).advice
    assert candidacy.last(e.ResultHeld).replaces is None
    assert resolve(candidacy, "reject") == ["ResultResolved"]
    assert candidacy.state.results["A"].revision == 2


def test_an_outdated_revision_with_the_content_of_a_held_one_does_not_end_that_hold() -> None:
    """R6: a hold ends by a decision, or by a newer revision, and never because an older revision arrives."""
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A", revision=2)
    candidacy.result(PEOPLE, 60, AT, result_id="A", revision=2)
    held = numbers(candidacy)
    assert candidacy.result(PEOPLE, 60, AT, result_id="A") == ["ResultRecorded"]
    assert numbers(candidacy) == held
    assert candidacy.attention == ["held-result:A"]


def test_what_was_taken_after_the_window_is_refused_conflict_or_not() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 60, AT, at=AT, result_id="A")
    candidacy.advance_to(local("2028-11-25"))
    late = {"domain": PEOPLE, "taken_at": local("2028-11-24"), "percentage": 90}
    for revision in (1, 2):
        given = late | {"result_id": "A", "revision": revision}
        assert candidacy.refused("record_assessment_result", **given) == "outside-window"
    assert candidacy.result(PEOPLE, 60, AT, result_id="A") == [], "what is known already stays a duplicate"


# --- R7: decisions given twice ---


@each("decision", ["accept", "reject"])
def test_the_same_decision_again_is_a_duplicate_whatever_its_reason(decision: str) -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A", passed=False)
    resolve(candidacy, decision)
    before = candidacy.state
    assert resolve(candidacy, decision) == []
    assert resolve(candidacy, decision, reason="said in other words") == []
    assert resolve(candidacy, decision, revision=1) == []
    assert candidacy.state == before


@each("other", [{"decision": "reject"}, {"by": "K. Stone"}])
def test_another_decision_or_another_decider_is_refused_and_hears_who_decided_what_and_when(
    other: dict[str, str],
) -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A", passed=False)
    resolve(candidacy)
    refused = refusal(candidacy, **other)
    assert refused.code == "not-held"
    assert "B. Oss accepted it on 2026-11-23" in refused.reason


def test_a_decision_that_comes_again_does_not_decide_the_next_hold() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(AT + days(200))
    candidacy.result(PEOPLE, 90, AT + days(100), result_id="A", passed=False)
    candidacy.result(PEOPLE, 10, AT + days(80), result_id="B")
    assert resolve(candidacy) == ["ResultResolved", "ResultHeld"]
    assert resolve(candidacy) == []
    assert len(candidacy.state.held) == 1


# --- R16: the content of a result, and its flag ---


def test_the_source_is_no_content_and_equal_fractions_are_one_score() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 75, AT, at=AT, result_id="A", source="center 4")
    assert candidacy.result(PEOPLE, 75, AT, result_id="A", source="center 5") == []
    assert candidacy.result(PEOPLE, None, AT, result_id="A", points="38.25", out_of="51") == []
    assert candidacy.result(PEOPLE, None, AT, result_id="A", points=38, out_of=51) == ["ResultHeld"]


@each("again", [None, True])
def test_the_same_content_without_the_contradiction_takes_the_hold_away(again: bool | None) -> None:
    candidacy = Candidacy("CCMA", at=START)
    fields: dict[str, Any] = {} if again is None else {"passed": again}
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A", passed=False)
    assert candidacy.result(PEOPLE, 90, AT, result_id="A", passed=False) == []
    assert candidacy.result(PEOPLE, 90, AT, result_id="A", **fields) == ["AssessmentPassed"]
    assert not candidacy.state.held
    assert not candidacy.attention


def test_the_other_reasons_of_a_hold_stay_when_the_contradiction_goes() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 10, AT, at=AT)
    candidacy.result(PEOPLE, 90, AT + days(3), at=AT + days(3), result_id="A", passed=False)
    assert candidacy.result(PEOPLE, 90, AT + days(3), result_id="A") == ["ResultHeld"]
    (hold,) = candidacy.state.held.values()
    assert hold.reasons == ("too-early",)
    assert "flag" not in seen(candidacy).what


def test_the_same_content_without_the_contradiction_does_not_undo_another_content_that_was_accepted() -> None:
    """R2, R16: the contradiction is gone, but the conflict with what a person has accepted has come since."""
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 60, AT, result_id="A", passed=True)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    resolve(candidacy, hold=numbers(candidacy)[1])
    assert candidacy.result(PEOPLE, 60, AT, result_id="A") == ["ResultHeld"]
    assert candidacy.last(e.ResultHeld).reasons == ("conflict",)
    assert candidacy.assessment(PEOPLE).status == "passed"


def test_a_contradicting_flag_that_comes_later_changes_nothing() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 90, AT, at=AT, result_id="A")
    assert candidacy.result(PEOPLE, 90, AT, result_id="A", passed=False) == []


def test_a_held_result_is_taken_when_it_comes_again_and_can_be_scored() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    answers: dict[str, Any] = {"result_id": "A", "form": "PM-9", "responses": ["A", "B"]}
    candidacy.result(PEOPLE, None, AT, **answers)
    assert "unknown form" in seen(candidacy).what
    candidacy.answer_key = Score(points=Decimal(90))
    assert candidacy.result(PEOPLE, None, AT, **answers) == ["AssessmentPassed"]
    assert not candidacy.state.held


# --- R18: what an acceptance replaces ---


def two_domains_under_one_id() -> Candidacy:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(OPERATIONS, "81.5", AT, at=AT, result_id="A")
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == ["ResultHeld"]
    return candidacy


def test_one_id_in_two_domains_is_a_conflict_and_everybody_hears_what_accepting_it_replaces() -> None:
    candidacy = two_domains_under_one_id()
    held = candidacy.last(e.ResultHeld)
    would = e.Replaced(domain=OPERATIONS, result_id="A", revision=1, percentage="81.50", passed=True)
    assert (held.reason, held.replaces) == ("conflict", would)
    assert "accepting it replaces revision 1 in operations-management (81.50 %, passed)" in summary_of(held)
    assert "accepting it replaces revision 1 in Operations Management (81.50 %, passed)" in seen(candidacy).what
    resolve(candidacy)
    resolved = candidacy.last(e.ResultResolved)
    assert resolved.previous == would
    assert "it replaces revision 1 in operations-management (81.50 %, passed)" in summary_of(resolved)
    assert candidacy.assessment(OPERATIONS).status == "open"
    assert candidacy.assessment(PEOPLE).status == "passed"


def test_a_held_revision_with_the_same_content_names_the_revision_that_it_replaces() -> None:
    """R18: accepting it makes revision 2 stand in the place of revision 1, and both events say so."""
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 60, AT, result_id="A")
    candidacy.result(PEOPLE, 60, AT, result_id="A", revision=2, passed=True)
    replaces = candidacy.last(e.ResultHeld).replaces
    resolve(candidacy)
    assert replaces == candidacy.last(e.ResultResolved).previous
    assert replaces is not None
    assert (replaces.revision, replaces.percentage) == (1, "60.00")


def test_rejecting_it_replaces_nothing() -> None:
    candidacy = two_domains_under_one_id()
    resolve(candidacy, "reject")
    assert candidacy.last(e.ResultResolved).previous is None
    assert candidacy.assessment(OPERATIONS).status == "passed"


def test_a_correction_to_another_domain_names_both() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(OPERATIONS, 50, AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 50, AT, result_id="A", revision=2)
    sentence = summary_of(candidacy.last(e.ResultCorrected))
    assert "revision 1 (operations-management, 50.00 %, not passed)" in sentence
    assert "revision 2 (people-management, 50.00 %, not passed)" in sentence


def test_a_correction_of_the_moment_says_both_moments_and_one_of_nothing_says_so() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 50, AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 50, START, result_id="A", revision=2)
    assert "taken at 2026-11-22T15:00:00Z" in summary_of(candidacy.last(e.ResultCorrected))
    candidacy.result(PEOPLE, 50, START, result_id="A", revision=3)
    assert "revision 3 says the same as revision 2" in summary_of(candidacy.last(e.ResultCorrected))


# --- advice ---


def test_before_the_purchase_the_advice_is_to_confirm_it() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.result(PEOPLE, 90, START, result_id="A")
    assert "`confirm_purchase`" in seen(candidacy).advice
    assert seen(candidacy).decisions == ("reject",)


def test_a_reason_whose_cause_has_gone_is_not_shown_any_more() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 10, AT, at=AT, result_id="B")
    candidacy.result(PEOPLE, 90, AT + days(10), at=AT + days(10), result_id="A", passed=False)
    assert "less than 30 days" in seen(candidacy).what
    candidacy.result(PEOPLE, None, AT, result_id="B", revision=2, outcome="voided")
    assert "less than 30 days" not in seen(candidacy).what
    assert "the vendor's flag says not passed" in seen(candidacy).what


# --- a certificate on a result that is not passed any more ---


def undone() -> Candidacy:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 50, AT, result_id="A", revision=2)
    resolve(candidacy)
    return candidacy


UNDONE = str(AttentionKind.REQUIREMENT_UNDONE)


def test_a_certificate_on_an_accepted_fail_asks_for_attention_until_it_is_acknowledged_with_a_note() -> None:
    candidacy = undone()
    assert (candidacy.status, candidacy.attention) == ("certified", [UNDONE])
    assert "People Management is not passed any more" in seen(candidacy).what
    assert candidacy.refused("acknowledge", attention=UNDONE, by="B. Oss") == "note-required"
    candidacy.say("acknowledge", attention=UNDONE, by="B. Oss", note="the board lets it stand")
    assert candidacy.attention == []
    assert candidacy.status == "certified"


def test_a_certificate_on_an_accepted_fail_asks_for_no_attention_once_it_is_revoked() -> None:
    candidacy = undone()
    candidacy.say("revoke", **WHO)
    assert candidacy.attention == []


def test_a_later_pass_ends_the_attention_for_the_requirement_that_was_undone() -> None:
    candidacy = undone()
    candidacy.result(PEOPLE, 85, AT, result_id="A", revision=3)
    assert Attention(AttentionKind.REQUIREMENT_UNDONE) not in candidacy.state.attention


def test_a_holders_corrected_pass_is_not_held_where_another_pass_stands() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    candidacy.result(PEOPLE, 80, AT + days(2), at=AT + days(2), result_id="B")
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.status == "certified"
    notices = len(candidacy.effects)
    assert candidacy.result(PEOPLE, 50, AT, result_id="A", revision=2) == ["ResultCorrected"]
    deciding = candidacy.assessment(PEOPLE).deciding
    assert deciding is not None
    assert deciding.result_id == "B"
    assert (candidacy.attention, len(candidacy.effects)) == ([], notices)


def test_a_holders_pass_moved_to_a_passed_domain_is_not_held_where_another_pass_stands() -> None:
    """R14: the other pass stands also where it was only recorded, and where the moved result is left aside itself."""
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    candidacy.result(PEOPLE, 80, AT + days(2), at=AT + days(2), result_id="B")
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.status == "certified"
    moved = AT + days(3)
    assert candidacy.result(OPERATIONS, 90, moved, at=moved, result_id="A", revision=2) == ["ResultCorrected"]
    assert candidacy.assessment(PEOPLE).status == "passed"
    assert "requirement-undone" not in candidacy.attention


def test_one_of_two_undone_passes_of_a_holder_names_the_domain_that_lost_it() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.pass_all(but=CUSTOMERS)
    candidacy.result(CUSTOMERS, 90, AT, result_id="A")
    assert candidacy.result(PEOPLE, 90, AT, result_id="A") == ["ResultHeld"]
    resolve(candidacy)
    assert "Customer Relationships is not passed any more" in seen(candidacy).what
