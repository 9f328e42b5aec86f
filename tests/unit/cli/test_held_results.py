"""What the page, the command line and the mails say of held results: the right act, and what an acceptance replaces."""

from decimal import Decimal
from typing import Any

from activities.rendering import Renderer
from cli import advice
from domain.effects import Notify
from domain.types import Score
from tests.unit.domain.builders import OPERATIONS, PEOPLE, START, Candidacy, days, holder
from views.details import details
from views.standing import status_view
from views.status import StatusView

AT = START + days(1)


def commands(candidacy: Candidacy) -> list[str]:
    """The commands to copy, as `attention` shows them after the answer went over the wire."""
    answer = status_view(candidacy.state, "Ana Ruiz", candidacy.clock).document()
    return [case.command for case in advice.cases(StatusView.parse(answer))]


def page(candidacy: Candidacy) -> str:
    return str(details(candidacy.state, candidacy.clock))


def mail(candidacy: Candidacy) -> str:
    """The newest mail, in one line."""
    notice = [effect for effect in candidacy.effects if isinstance(effect, Notify)][-1]
    return " ".join(Renderer().render(notice.notice, "Ana Ruiz", notice.facts)[1].split())


def in_conflict(candidacy: Candidacy, *percentages: int) -> Candidacy:
    for percentage in percentages:
        candidacy.result(PEOPLE, percentage, START, result_id="A")
    return candidacy


def test_a_result_that_was_held_once_is_decided_without_a_number() -> None:
    candidacy = in_conflict(Candidacy("CCMA"), 60, 90)
    who = "--by '<who>' --reason '<why>'"
    assert commands(candidacy) == [
        f"./starter.py hold resolve C-1001 CCMA --result-id A --decision '<accept|reject>' {who}"
    ]
    assert '`{"result_id": "A", "decision": "accept", "by": "", "reason": ""}`' in page(candidacy)


def test_each_of_two_holds_of_one_result_is_named() -> None:
    candidacy = in_conflict(Candidacy("CCMA"), 60, 90, 95)
    first, second = candidacy.state.held
    for number, command in zip((first, second), commands(candidacy), strict=True):
        assert f"--hold {number} --decision" in command
        assert f'"hold": {number}, "decision": "accept"' in page(candidacy)


def test_where_a_newer_revision_stands_only_a_rejection_is_offered() -> None:
    candidacy = in_conflict(Candidacy("CCMA"), 60)
    candidacy.result(PEOPLE, 90, START, result_id="A", revision=2)
    in_conflict(candidacy, 10)
    (command,) = commands(candidacy)
    assert "--decision reject" in command
    assert '"decision": "reject"' in page(candidacy)
    assert "a newer revision stands" in page(candidacy)


def test_before_the_purchase_the_command_confirms_it() -> None:
    candidacy = Candidacy("CCMA", paid=False)
    candidacy.result(PEOPLE, 90, START, result_id="A")
    assert commands(candidacy) == ["./starter.py confirm-purchase C-1001 CCMA --purchase-ref '<reference>'"]
    assert "`confirm_purchase` `{" in page(candidacy)


def test_the_mails_say_what_an_acceptance_replaces_and_what_it_has_replaced() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(OPERATIONS, "81.5", AT, at=AT, result_id="A")
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    same = "under the same number in Operations Management: 81.50 %, passed."
    assert f"If it is accepted, it takes the place of the result that we have {same}" in mail(candidacy)
    candidacy.accept("A")
    assert f"It takes the place of the result that we had {same}" in mail(candidacy)
    assert "the assessment Operations Management" in mail(candidacy)


def test_a_failed_result_that_would_be_replaced_in_a_passed_domain_is_not_quoted() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(AT + days(200))
    candidacy.result(OPERATIONS, 50, AT, result_id="A")
    candidacy.result(OPERATIONS, 90, AT + days(60))
    candidacy.result(PEOPLE, 90, AT, result_id="A")
    assert "in Operations Management." in mail(candidacy)
    assert "50.00 %" not in mail(candidacy)


def test_a_rejected_conflict_with_a_pass_is_written_about_without_an_attempt() -> None:
    candidacy = in_conflict(Candidacy("CCMA"), 90, 60)
    candidacy.accept("A", "reject")
    assert "It is not accepted, and it changes nothing: you have passed" in mail(candidacy)
    assert "attempt" not in mail(candidacy)


def test_a_hold_that_goes_on_is_not_written_about_again() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(AT + days(200))
    candidacy.result(PEOPLE, 90, AT + days(100), result_id="A", passed=False)
    candidacy.result(PEOPLE, 10, AT + days(80), result_id="B")
    sent = len(candidacy.effects)
    assert candidacy.accept("A") == ["ResultResolved", "ResultHeld"]
    assert candidacy.effects[sent:] == []


def test_a_certificate_on_an_undone_requirement_is_acknowledged_with_a_note() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 90, result_id="A")
    candidacy.result(PEOPLE, 50, AT, result_id="A", revision=2)
    candidacy.accept("A")
    (command,) = commands(candidacy)
    assert command.endswith("--attention requirement-undone --by '<who>' --note '<why>'")
    assert '`{"attention": "requirement-undone", "by": "", "note": ""}`' in page(candidacy)
    assert "Your certificate stands." in mail(candidacy)


def test_an_older_worker_gives_no_number_of_a_hold() -> None:
    answer: dict[str, Any] = status_view(holder().state, "Ana Ruiz", START).document()
    matter = {"attention": "held-result:A", "since": None, "what": "too early", "advice": "decide"}
    (case,) = advice.cases(StatusView.parse(answer | {"attention": ["held-result:A"], "matters": [matter]}))
    assert case.hold is None
    assert "--hold" not in case.command


def test_responses_without_an_answer_key_are_not_offered_for_acceptance_before_the_key_is_there() -> None:
    candidacy = Candidacy("CCMA")
    candidacy.result(PEOPLE, responses={"1": "B"}, form="PM-A", result_id="A")
    assert candidacy.attention == ["held-result:A"]
    said = page(candidacy)
    assert "Put the answer key of its form in place, then accept it with" in said
    answer = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    (case,) = advice.cases(answer)
    assert "put the answer key of its form in place" in case.advice
    assert "`hold resolve`" in case.advice
    decision = {"result_id": "A", "decision": "accept", "by": "B. Oss", "reason": "looked at"}
    assert candidacy.refused("resolve_held_result", **decision) == "cannot-score"
    candidacy.answer_key = Score(points=Decimal(90))
    assert "ResultResolved" in candidacy.accept("A")
