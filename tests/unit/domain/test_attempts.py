"""Attempts: which are judged and when, what a passed assessment makes of them, and how used-up ones end.

Rulings R1, R3, R4, R15 and R17.
"""

import itertools
from typing import Any

from activities.rendering import Renderer
from domain import events as e
from domain.effects import Notify
from tests.cases import each
from tests.unit.domain.builders import (
    CUSTOMERS,
    LEADERSHIP,
    OPERATIONS,
    PEOPLE,
    START,
    Candidacy,
    border,
    day,
    days,
    last_moment,
    local,
)
from views.attention import attention_view
from views.standing import status_view
from views.timeline import summary_of

AT = START + days(1)


def candidacy_later(day_number: int = 400) -> Candidacy:
    """A candidacy so many days after its purchase, so that results of any day before may arrive in any order."""
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(START + days(day_number))
    return candidacy


def take(candidacy: Candidacy, result_id: str, percentage: int, day_number: int, **fields: Any) -> list[str]:
    return candidacy.result(PEOPLE, percentage, AT + days(day_number), result_id=result_id, **fields)


def held(candidacy: Candidacy) -> dict[str, tuple[str, ...]]:
    return {hold.result.result_id: hold.reasons for hold in candidacy.state.held.values()}


def mails(candidacy: Candidacy) -> list[str]:
    return [effect.notice for effect in candidacy.effects if isinstance(effect, Notify)]


# --- R1: neighbours ---


def test_of_two_neighbours_the_one_that_arrives_later_is_held() -> None:
    for first, second in itertools.permutations((("A", 0), ("B", 10))):
        candidacy = candidacy_later()
        assert take(candidacy, first[0], 10, first[1]) == ["AssessmentFailed"]
        assert take(candidacy, second[0], 10, second[1]) == ["ResultHeld"]
        assert held(candidacy) == {second[0]: ("too-early",)}


def test_a_pass_is_too_near_only_to_attempts_before_it() -> None:
    candidacy = candidacy_later()
    take(candidacy, "B", 10, 10)
    assert take(candidacy, "A", 90, 0) == ["AssessmentPassed"]


def test_a_correction_of_an_attempt_on_the_same_day_is_never_judged_by_the_wait_again() -> None:
    candidacy = candidacy_later()
    take(candidacy, "A", 10, 0)
    take(candidacy, "B", 90, 10)
    candidacy.accept("B")
    assert take(candidacy, "B", 20, 10, revision=2) == ["ResultCorrected"]
    assert not held(candidacy)


def test_a_correction_to_another_day_is_judged() -> None:
    candidacy = candidacy_later()
    take(candidacy, "A", 10, 0)
    take(candidacy, "B", 10, 40)
    assert take(candidacy, "B", 20, 20, revision=2) == ["ResultHeld"]
    assert held(candidacy) == {"B": ("too-early",)}


# --- R1: what a correction or a voiding exposes ---


@each("how", [{"percentage": 20}, {"percentage": None, "outcome": "voided"}])
def test_what_was_left_aside_is_judged_in_the_order_in_which_it_was_taken(how: dict[str, Any]) -> None:
    candidacy = candidacy_later()
    take(candidacy, "PASS", 90, 0)
    take(candidacy, "LATE", 30, 70)
    take(candidacy, "NEAR", 30, 60)
    take(candidacy, "FIRST", 30, 40)
    assert [candidacy.assessment(PEOPLE).attempts, *candidacy.state.held] == [1]
    candidacy.result(PEOPLE, taken_at=AT, result_id="PASS", revision=2, **how)
    assert held(candidacy) == {"NEAR": ("too-early",)}
    assert set(candidacy.state.results) == {"PASS", "FIRST", "LATE"}


def test_too_many_exposed_attempts_are_held() -> None:
    candidacy = candidacy_later()
    take(candidacy, "PASS", 90, 0)
    for number in range(1, 4):
        assert take(candidacy, f"R-{number}", 30, 40 * number) == ["ResultRecorded"]
    events = take(candidacy, "PASS", 20, 0, revision=2)
    assert events == ["ResultCorrected", "AssessmentFailed", "AssessmentFailed", "ResultHeld", "SettlementStarted"]
    assert held(candidacy) == {"R-3": ("too-many-attempts",)}


def test_an_exposed_pass_passes_and_leaves_aside_what_was_taken_after_it() -> None:
    candidacy = candidacy_later()
    take(candidacy, "PASS", 90, 0)
    take(candidacy, "LATER", 10, 45)
    take(candidacy, "AGAIN", 80, 40)
    assert take(candidacy, "PASS", 20, 0, revision=2) == ["ResultCorrected", "AssessmentPassed"]
    assert set(candidacy.state.aside) == {"LATER"}


def test_what_was_left_aside_is_nobodys_neighbour() -> None:
    candidacy = candidacy_later()
    take(candidacy, "PASS", 90, 100)
    take(candidacy, "ASIDE", 10, 110)
    assert take(candidacy, "PASS", 20, 120, revision=2) == ["ResultCorrected", "ResultHeld"]
    assert held(candidacy) == {"ASIDE": ("too-early",)}


def test_an_accepted_attempt_stays_accepted_when_a_pass_before_it_goes() -> None:
    candidacy = candidacy_later()
    take(candidacy, "FAIL", 10, 10)
    take(candidacy, "PASS", 90, 0)
    assert take(candidacy, "PASS", 20, 0, revision=2) == ["ResultCorrected"]
    assert candidacy.assessment(PEOPLE).attempts == 2
    assert not held(candidacy)


def test_the_correction_of_an_accepted_attempt_stays_accepted_when_a_pass_before_it_goes() -> None:
    """R1: a correction on the same day is never judged by the wait, also where an earlier pass has come between."""
    candidacy = candidacy_later()
    take(candidacy, "EARLY", 10, 35)
    take(candidacy, "LATE", 10, 60)
    candidacy.accept("LATE")
    take(candidacy, "PASS", 90, 50)
    candidacy.accept("PASS")
    assert take(candidacy, "LATE", 20, 60, revision=2) == ["ResultCorrected"]
    take(candidacy, "PASS", 0, 50, revision=2, outcome="voided")
    assert not held(candidacy)
    assert candidacy.assessment(PEOPLE).attempts == 2


def test_what_a_person_has_waived_stays_waived_when_the_result_is_exposed() -> None:
    """R2: accepting waives every reason of the hold, also where the result is left aside for the time being."""
    candidacy = candidacy_later()
    take(candidacy, "FAIL", 10, 100)
    take(candidacy, "NEAR", 10, 110, passed=True)
    take(candidacy, "PASS", 90, 50)
    candidacy.accept("NEAR")
    assert set(candidacy.state.aside) == {"NEAR"}
    take(candidacy, "PASS", 0, 50, revision=2, outcome="voided")
    assert not held(candidacy)
    assert candidacy.assessment(PEOPLE).attempts == 2
    assert candidacy.state.aside_waived == {}


def test_an_exposed_result_from_before_the_purchase_that_was_accepted_is_not_held_for_that_again() -> None:
    """R1: what is exposed is judged by the wait and the number of attempts, and by nothing else."""
    candidacy = candidacy_later()
    for result_id, percentage, day_number, revision in (
        ("PASS", 90, -40, 1),
        ("FAIL", 10, -2, 1),
        ("PASS", 20, -40, 2),
    ):
        assert take(candidacy, result_id, percentage, day_number, revision=revision) == ["ResultHeld"]
        candidacy.accept(result_id, revision=revision)
    assert not held(candidacy)
    assert candidacy.assessment(PEOPLE).attempts == 2


# --- R1: holds without reasons ---


def test_a_hold_none_of_whose_reasons_is_left_is_taken_by_itself() -> None:
    candidacy = candidacy_later()
    take(candidacy, "A", 10, 0)
    take(candidacy, "B", 90, 10)
    assert take(candidacy, "A", 0, 0, revision=2, outcome="voided") == ["ResultCorrected", "AssessmentPassed"]
    assert (held(candidacy), candidacy.attention) == ({}, [])


def test_a_hold_without_reasons_is_only_recorded_where_the_domain_was_passed_before_it() -> None:
    candidacy = candidacy_later()
    take(candidacy, "A", 10, 100)
    take(candidacy, "B", 10, 110)
    sent = len(mails(candidacy))
    assert take(candidacy, "PASS", 90, 50) == ["AssessmentPassed", "ResultRecorded"]
    assert mails(candidacy)[sent:] == ["assessment-passed"]
    assert held(candidacy) == {}


def test_a_hold_that_becomes_free_does_not_free_its_neighbour() -> None:
    candidacy = candidacy_later()
    take(candidacy, "A", 10, 0)
    take(candidacy, "C", 10, 20)
    take(candidacy, "B", 10, 10)
    candidacy.result(PEOPLE, None, AT, result_id="A", revision=2, outcome="voided")
    assert set(candidacy.state.results) == {"A", "B"}
    assert held(candidacy) == {"C": ("too-early",)}


def test_after_certification_what_is_held_stays_held() -> None:
    candidacy = candidacy_later()
    take(candidacy, "A", 10, 0)
    take(candidacy, "B", 90, 10)
    take(candidacy, "C", 90, 200)
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.status == "certified"
    assert take(candidacy, "A", 0, 0, revision=2, outcome="voided") == ["ResultCorrected"]
    assert set(held(candidacy)) == {"B"}
    assert candidacy.accept("B") == ["ResultResolved"]


# --- R17: results of a passed assessment ---


def test_fails_that_arrive_after_the_pass_are_recorded_and_nobody_writes_about_them() -> None:
    """The pass of November arrives first, then the fails of June and August."""
    candidacy = Candidacy("CCMC", at=local("2026-05-01"))
    candidacy.result(PEOPLE, 90, local("2026-11-10"), at=local("2026-11-12"), result_id="N")
    sent = len(mails(candidacy))
    assert candidacy.result(PEOPLE, 40, local("2026-06-10"), result_id="J") == ["ResultRecorded"]
    assert candidacy.result(PEOPLE, None, local("2026-08-10"), result_id="A", outcome="no_show") == ["ResultRecorded"]
    assert mails(candidacy)[sent:] == []
    assert [event.attempt for event in candidacy.all(e.ResultRecorded)] == [1, 2]
    assert "counts as attempt 2" in summary_of(candidacy.last(e.ResultRecorded))
    assert (candidacy.assessment(PEOPLE).status, candidacy.assessment(PEOPLE).attempts) == ("passed", 3)
    assert not candidacy.state.settlements


def test_an_earlier_pass_becomes_the_deciding_one_quietly() -> None:
    candidacy = candidacy_later()
    take(candidacy, "B", 90, 40)
    sent = len(mails(candidacy))
    assert take(candidacy, "A", 80, 5) == ["ResultRecorded"]
    deciding = candidacy.assessment(PEOPLE).deciding
    assert deciding is not None
    assert deciding.result_id == "A"
    assert mails(candidacy)[sent:] == []


def test_a_void_of_a_passed_assessment_stays_a_void_and_is_quiet() -> None:
    candidacy = candidacy_later()
    take(candidacy, "B", 90, 40)
    sent = len(mails(candidacy))
    assert take(candidacy, "A", 0, 5, outcome="voided") == ["ResultVoided"]
    assert mails(candidacy)[sent:] == []


def test_a_fail_too_near_the_pass_is_held_and_the_hold_says_that_the_pass_stands_either_way() -> None:
    candidacy = candidacy_later()
    take(candidacy, "PASS", 90, 40)
    assert take(candidacy, "FAIL", 10, 30) == ["ResultHeld"]
    says = "People Management is passed, and the pass stands either way"
    assert says in candidacy.last(e.ResultHeld).explanation
    (view,) = attention_view(candidacy.state)
    assert says in view.what
    assert "stands either way" in mail(candidacy)
    candidacy.accept("FAIL")
    text = mail(candidacy)
    assert "it changes nothing" in text
    assert "not passed" not in text
    assert candidacy.assessment(PEOPLE).status == "passed"


def mail(candidacy: Candidacy) -> str:
    """The newest mail, in one line."""
    notice = [effect for effect in candidacy.effects if isinstance(effect, Notify)][-1]
    return " ".join(Renderer().render(notice.notice, "Ana Ruiz", notice.facts)[1].split())


def test_a_result_moved_to_a_passed_domain_is_written_about_without_a_fail() -> None:
    candidacy = candidacy_later()
    take(candidacy, "PASS", 90, 40)
    candidacy.result(OPERATIONS, 50, AT + days(200), result_id="A")
    candidacy.result(PEOPLE, 50, AT + days(200), result_id="A", revision=2)
    text = mail(candidacy)
    assert "it belongs to People Management, and no longer to Operations Management" in text
    assert "Now, in People Management: it changes nothing" in text


# --- R3: taken before the purchase ---


def test_a_result_from_before_the_purchase_keeps_no_border_open() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 90, START - days(3), result_id="EARLY")
    candidacy.advance_to(border("2028-12-06"))
    assert candidacy.status == "timed_out"


def test_before_the_purchase_means_before_its_day() -> None:
    candidacy = Candidacy("CCMA", at=local("2026-11-22", "18:00:00"))
    assert candidacy.result(PEOPLE, 90, local("2026-11-22", "00:00:00")) == ["AssessmentPassed"]
    assert candidacy.result(OPERATIONS, 90, last_moment("2026-11-21")) == ["ResultHeld"]


def test_a_newer_revision_that_stays_held_says_that_it_would_replace_the_older_one_that_is_taken() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.result(PEOPLE, 60, START + days(30), at=START + days(80), result_id="A", revision=1)
    candidacy.result(PEOPLE, 60, START + days(60), result_id="B")
    candidacy.result(PEOPLE, 60, START + days(61), result_id="A", revision=2)
    events = candidacy.say("confirm_purchase", reference="INV-1", purchased_at=START)
    assert events == ["PurchaseConfirmed", "AssessmentFailed", "AssessmentFailed", "ResultHeld"]
    held = candidacy.last(e.ResultHeld)
    assert (held.result.result_id, held.result.revision, held.reasons) == ("A", 2, ("too-early",))
    assert held.replaces is not None
    assert (held.replaces.result_id, held.replaces.revision) == ("A", 1)


def test_of_two_revisions_held_for_the_purchase_only_the_newer_is_taken() -> None:
    candidacy = Candidacy("CCMA", at=START, paid=False)
    candidacy.result(PEOPLE, 50, START + days(75), at=START + days(80), result_id="A", revision=2)
    candidacy.result(PEOPLE, 50, START + days(15), result_id="A", revision=1)
    candidacy.result(PEOPLE, 60, START + days(35), result_id="B")
    assert len(candidacy.state.held) == 3
    events = candidacy.say("confirm_purchase", reference="INV-1", purchased_at=START)
    assert events == ["PurchaseConfirmed", "AssessmentFailed", "AssessmentFailed"]
    assert {name: facts.revision for name, facts in candidacy.state.results.items()} == {"A": 2, "B": 1}
    assert not candidacy.state.held


# --- R4: used-up attempts ---


def used_up(candidacy: Candidacy, domain: str = PEOPLE, *, from_day: str = "2026-12-01") -> None:
    first = local(from_day)
    for number in range(3):
        taken = first + days(30 * number)
        candidacy.result(domain, 10, taken, at=taken, result_id=f"{domain[:3]}-{number}")


@each(("domain", "percentage"), [(PEOPLE, 10), (OPERATIONS, 90)])
def test_a_hold_that_cannot_pass_the_domain_does_not_keep_its_settlement_open(domain: str, percentage: int) -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy)
    candidacy.result(domain, percentage, passed=percentage < 75, result_id="X")
    candidacy.advance_to(border("2027-02-13"))
    assert candidacy.status == "refused"


def test_a_held_correction_that_gives_an_attempt_back_keeps_the_settlement_open() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy)
    candidacy.result(OPERATIONS, 10, local("2026-12-01"), result_id="peo-0")
    candidacy.advance_to(local("2027-06-01"))
    assert candidacy.status == "settling"
    assert candidacy.accept("peo-0") == ["ResultResolved", "SettlementLifted"]
    assert candidacy.status == "testing"


def test_a_held_result_from_before_the_purchase_does_not_keep_it_open_either() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy)
    candidacy.result(PEOPLE, 90, START - days(2), result_id="X")
    candidacy.advance_to(border("2027-02-13"))
    assert candidacy.status == "refused"


def test_found_used_up_after_the_window_it_has_its_own_fourteen_days_and_the_later_end_closes() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy, from_day="2028-09-01")
    assert candidacy.due("exhausted") == border("2028-11-14"), "found used up before the window has ended"
    late = Candidacy("CCMA", at=START)
    late.advance_to(local("2028-11-30"))
    for number, taken in enumerate(("2028-09-01", "2028-10-01", "2028-10-31")):
        late.result(PEOPLE, 10, local(taken), result_id=f"P-{number}")
    late.advance_to(last_moment("2028-12-14"))
    assert late.status == "settling"
    late.advance_to(border("2028-12-14"))
    assert late.status == "refused"


def test_used_up_shortly_before_the_window_ends_the_windows_settlement_closes() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy, from_day="2028-09-15")
    assert candidacy.state.settlements[PEOPLE] == border("2028-11-28")
    candidacy.advance_to(last_moment("2028-12-06"))
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2028-12-06"))
    assert candidacy.status == "refused"


def test_of_two_domains_without_attempts_the_later_end_closes() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy, PEOPLE)
    first = candidacy.due("exhausted")
    for number, taken in enumerate(("2026-12-05", "2027-01-04", "2027-02-03")):
        candidacy.result(CUSTOMERS, 10, local(taken), at=max(candidacy.clock, local(taken)), result_id=f"C-{number}")
    second = candidacy.due("exhausted")
    assert first is not None
    assert second is not None
    assert second > first
    candidacy.advance_to(first)
    assert candidacy.status == "settling"
    candidacy.advance_to(second)
    assert candidacy.status == "refused"


def test_a_hold_that_alone_kept_the_candidacy_open_closes_it_when_it_is_rejected_whatever_was_used_up_since() -> None:
    candidacy = Candidacy("CCMA")
    used_up(candidacy, PEOPLE, from_day="2026-12-01")
    candidacy.result(PEOPLE, 90, candidacy.clock + days(1), at=candidacy.clock + days(1), result_id="H")
    over = candidacy.state.settlements[PEOPLE]
    candidacy.advance_to(over + days(1))
    assert candidacy.last(e.BorderDeferred).domain == PEOPLE
    for number in range(3):
        taken = local("2026-12-01") + days(30 * number)
        candidacy.result(OPERATIONS, 10, taken, result_id=f"ope-{number}")
    assert candidacy.status == "settling"
    assert candidacy.accept("H", "reject") == ["ResultResolved", "CandidacyClosed"]
    assert "People Management" in candidacy.state.closed_why


def test_an_extension_lets_what_an_overlap_has_deferred_run_to_the_new_end() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy, from_day="2028-09-15")
    extension = {"until": "2029-01-31", "reason": "storm", "approved_by": "B. Oss"}
    candidacy.say("extend_deadline", local("2028-12-01"), **extension)
    candidacy.advance_to(last_moment("2029-02-14"))
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2029-02-14"))
    assert candidacy.status == "refused"


def test_an_extension_lets_what_a_hold_has_deferred_run_to_the_new_end() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy)
    candidacy.result(PEOPLE, 90, at=local("2027-02-02"), result_id="FOURTH")
    candidacy.advance_to(local("2027-06-01"))
    candidacy.say("extend_deadline", until="2029-01-31", reason="storm", approved_by="B. Oss")
    candidacy.accept("FOURTH", "reject")
    assert candidacy.status == "settling"
    assert candidacy.due("exhausted") == border("2029-02-14")


def test_a_second_extension_moves_what_the_first_one_has_deferred() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy, from_day="2028-09-15")
    who = {"reason": "storm", "approved_by": "B. Oss"}
    candidacy.say("extend_deadline", local("2028-12-01"), until="2029-01-31", **who)
    candidacy.say("extend_deadline", local("2029-02-05"), until="2029-03-31", **who)
    candidacy.advance_to(last_moment("2029-04-14"))
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2029-04-14"))
    assert candidacy.status == "refused"


def test_an_extension_given_earlier_leaves_the_end_of_the_attempts_as_it_is() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.say("extend_deadline", until="2029-01-31", reason="storm", approved_by="B. Oss")
    used_up(candidacy)
    candidacy.advance_to(border("2027-02-13"))
    assert candidacy.status == "refused"


# --- R15: the next attempt ---


def next_day(candidacy: Candidacy, domain: str = PEOPLE) -> object:
    return status_view(candidacy.state, "Ana Ruiz", candidacy.clock).assessments[domain].next_attempt_on


def test_the_next_attempts_day_stands_only_where_it_lies_in_the_window() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 10, local("2028-10-23"), at=local("2028-10-23"))
    assert next_day(candidacy) == day("2028-11-22")
    candidacy.result(OPERATIONS, 10, local("2028-10-24"), at=local("2028-10-24"))
    assert next_day(candidacy, OPERATIONS) is None
    assert [event.next_attempt_on for event in candidacy.all(e.AssessmentFailed)] == [day("2028-11-22"), None]
    candidacy.say("extend_deadline", until="2028-12-31", reason="storm", approved_by="B. Oss")
    assert next_day(candidacy, OPERATIONS) == day("2028-11-23")


def test_the_next_attempts_day_does_not_stand_where_the_candidacy_closes_before_it() -> None:
    candidacy = Candidacy("CCMA", at=START)
    used_up(candidacy)
    candidacy.result(LEADERSHIP, 10)
    assert next_day(candidacy, LEADERSHIP) is None


def test_a_holder_has_no_day_of_a_next_attempt() -> None:
    candidacy = Candidacy("CCMA", at=AT)
    candidacy.result(PEOPLE, 90, result_id="A")
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 10, AT, result_id="A", revision=2)
    candidacy.accept("A")
    assert candidacy.assessment(PEOPLE).status == "open"
    assert next_day(candidacy) is None
