"""Rules 1 to 6: the testing window, its borders, settlement, reminders and extension."""

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domain import events as e
from domain import rulebook
from domain.decision import Refused
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
    parse,
    utc,
    with_rules,
)


def reminders(candidacy: Candidacy) -> list[tuple[str, str]]:
    """The reminders so far: when each went out, and what it says."""
    return [(event.at.isoformat(), event.what) for event in candidacy.all(e.ReminderDue)]


# --- rule 1 and 2: where the window lies ---


def test_the_window_runs_two_calendar_years_from_the_day_of_purchase() -> None:
    confirmed = Candidacy(at=START).last(e.PurchaseConfirmed)
    assert (confirmed.window_opens_on, confirmed.deadline) == (day("2026-11-22"), day("2028-11-22"))
    assert confirmed.closes_at == utc("2028-11-23T00:00:00-06:00")
    assert confirmed.settles_at == utc("2028-12-07T00:00:00-06:00")


def test_the_day_of_purchase_is_the_day_in_the_zone_of_the_body() -> None:
    late_evening = utc("2026-11-23T05:59:59Z")  # 22 November, 23:59:59 in Chicago
    assert Candidacy(at=late_evening).last(e.PurchaseConfirmed).window_opens_on == day("2026-11-22")
    assert Candidacy(at=late_evening + timedelta(seconds=1)).last(e.PurchaseConfirmed).deadline == day("2028-11-23")


def test_a_window_that_ends_in_summer_closes_at_midnight_of_summer_time() -> None:
    window = Candidacy(at=local("2026-07-01")).state.window
    assert window is not None
    assert window.closes_at == utc("2028-07-02T00:00:00-05:00")


@each(
    ("bought", "deadline", "closes"),
    [
        ("2026-03-07", "2028-03-07", "2028-03-08T00:00:00-06:00"),
        # The clock jumps on 12 March 2028: the last day itself has 23 hours.
        ("2026-03-12", "2028-03-12", "2028-03-13T00:00:00-05:00"),
        # And falls back on 5 November 2028: it has 25.
        ("2026-11-05", "2028-11-05", "2028-11-06T00:00:00-06:00"),
        ("2024-02-29", "2026-02-28", "2026-03-01T00:00:00-06:00"),
        ("2026-02-28", "2028-02-28", "2028-02-29T00:00:00-06:00"),
    ],
)
def test_the_last_day_is_inclusive(bought: str, deadline: str, closes: str) -> None:
    candidacy = Candidacy("CCMA", at=local(bought))
    window = candidacy.state.window
    assert window is not None
    assert (window.deadline, window.closes_at) == (day(deadline), utc(closes))
    candidacy.advance_to(last_moment(deadline))
    assert candidacy.status == "testing"
    candidacy.advance_to(border(deadline))
    assert candidacy.status == "settling"
    assert candidacy.last(e.TestingWindowClosed).at == utc(closes)


def test_purchase_dates_from_the_purchase_not_from_the_message() -> None:
    candidacy = Candidacy(at=START, paid=False)
    candidacy.say("confirm_purchase", START + days(10), reference="INV-1", purchased_at=START - days(30))
    assert candidacy.last(e.PurchaseConfirmed).deadline == day("2028-10-23")


def test_a_purchase_without_an_instant_is_of_today() -> None:
    candidacy = Candidacy(at=START, paid=False)
    candidacy.say("confirm_purchase", START + days(10), reference="INV-1")
    assert candidacy.last(e.PurchaseConfirmed).window_opens_on == day("2026-12-02")


def test_a_purchase_of_which_only_the_day_is_known_counts_from_that_day_in_the_zone_of_the_body() -> None:
    candidacy = Candidacy(paid=False)
    assert candidacy.say("confirm_purchase", reference="INV-1", purchased_at="2026-11-02") == ["PurchaseConfirmed"]
    bought = candidacy.last(e.PurchaseConfirmed)
    assert (bought.window_opens_on, bought.deadline) == (day("2026-11-02"), day("2028-11-02"))
    assert bought.purchased_at == utc("2026-11-02T06:00:00+00:00")
    assert candidacy.say("confirm_purchase", reference="INV-1", purchased_at="2026-11-02") == []


def test_a_purchase_whose_window_has_ended_is_refused() -> None:
    candidacy = Candidacy(at=local("2028-11-22"), paid=False)
    bought = {"reference": "INV-1", "purchased_at": local("2026-11-22")}
    assert candidacy.refused("confirm_purchase", border("2028-11-22"), **bought) == "window-ended"


def test_a_purchase_on_the_last_day_of_its_window_is_taken() -> None:
    candidacy = Candidacy(at=local("2028-11-22"), paid=False)
    bought = {"reference": "INV-1", "purchased_at": local("2026-11-22")}
    assert "PurchaseConfirmed" in candidacy.say("confirm_purchase", last_moment("2028-11-22"), **bought)


def test_a_registration_stands_even_where_the_window_of_its_purchase_has_ended() -> None:
    candidacy = Candidacy(at=START, purchased_at=local("2020-01-01"))
    assert candidacy.status == "awaiting_purchase"
    refused = candidacy.last(e.MessageRefused)
    assert (refused.message, refused.code, refused.from_signal) == ("confirm_purchase", "window-ended", True)
    assert candidacy.attention == ["refused-message"]


def test_the_same_purchase_again_changes_nothing_and_another_is_refused() -> None:
    candidacy = Candidacy(at=START)
    assert candidacy.say("confirm_purchase", reference="INV-77") == []
    assert candidacy.say("confirm_purchase", reference="INV-77", purchased_at=START) == []
    assert candidacy.refused("confirm_purchase", reference="INV-78") == "already-confirmed"
    moved = {"reference": "INV-77", "purchased_at": START - days(1)}
    assert candidacy.refused("confirm_purchase", **moved) == "already-confirmed"


def test_the_same_reference_on_the_same_day_is_the_same_purchase_whatever_has_happened_since() -> None:
    """R7, R16: the day counts in the body's zone, and texts are compared in NFC with white space folded."""
    candidacy = Candidacy(at=START, paid=False)
    candidacy.say("confirm_purchase", reference="Café 77", purchased_at=local("2026-11-21", "00:30:00"))
    again = {"reference": unicodedata.normalize("NFD", "Café\u00a0 77"), "purchased_at": last_moment("2026-11-21")}
    assert candidacy.say("confirm_purchase", **again) == []
    candidacy.certify()
    assert candidacy.say("confirm_purchase", **again) == []


def test_a_refused_purchase_says_what_is_recorded_and_what_differs() -> None:
    candidacy = Candidacy(at=START)
    recorded = "already confirmed with reference INV-77, of 2026-11-22"
    with pytest.raises(Refused, match=f"{recorded}; this message says 2026-11-21"):
        candidacy.say("confirm_purchase", reference="INV-77", purchased_at=START - days(1))
    with pytest.raises(Refused, match=f"{recorded}; this one has the reference INV-78"):
        candidacy.say("confirm_purchase", reference="INV-78")


# --- rule 3: taken_at decides, settlement, what is undecided keeps the candidacy open ---


def test_a_result_taken_on_the_last_day_counts_when_it_arrives_overnight() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    assert candidacy.status == "testing"
    events = candidacy.result(PEOPLE, 80, last_moment("2028-11-22"), at=border("2028-11-22") + timedelta(hours=9))
    assert events == ["AssessmentPassed", "Certified"]
    assert candidacy.last(e.Certified).certified_on == day("2028-11-23")


def test_a_result_taken_after_the_window_is_refused() -> None:
    candidacy = Candidacy("CCMA", at=START)
    late = {"result_id": "R", "domain": PEOPLE, "percentage": 90, "taken_at": border("2028-11-22")}
    assert candidacy.refused("record_assessment_result", local("2028-11-24"), **late) == "outside-window"
    candidacy.answer_key = None
    unscored = {"result_id": "R", "domain": PEOPLE, "taken_at": border("2028-11-22"), "form": "F", "responses": ["A"]}
    assert candidacy.refused("record_assessment_result", **unscored) == "outside-window"


def test_settlement_lasts_fourteen_days_and_then_the_candidacy_times_out() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(last_moment("2028-12-06"))
    assert candidacy.status == "settling"
    assert candidacy.result(PEOPLE, 80, local("2028-11-22")) == ["AssessmentPassed"]
    candidacy.advance_to(border("2028-12-06"))
    assert candidacy.status == "timed_out"
    assert "Operations Management" in candidacy.last(e.CandidacyClosed).reason
    assert "People Management" not in candidacy.last(e.CandidacyClosed).reason


def test_a_held_result_keeps_the_candidacy_open_with_attention_until_it_is_decided() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 80, passed=False, result_id="X")
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.status == "settling"
    assert candidacy.attention == ["held-result:X"]
    deferred = candidacy.last(e.BorderDeferred)
    assert (deferred.at, deferred.waits_for) == (border("2028-12-06"), "the decision on the held result X")
    assert candidacy.accept("X") == ["ResultResolved", "Certified"]
    assert not candidacy.attention


def test_a_held_result_that_is_rejected_late_lets_the_candidacy_time_out() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    candidacy.result(PEOPLE, 80, passed=False, result_id="X")
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.accept("X", "reject") == ["ResultResolved", "CandidacyClosed"]
    assert candidacy.status == "timed_out"


def test_a_hold_keeps_the_candidacy_open_even_where_something_else_is_missing() -> None:
    """What was taken in time is decided by a person before anything closes (rule 3)."""
    candidacy = Candidacy("CCMA", at=START)
    candidacy.result(PEOPLE, 80, passed=False, result_id="X")
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.status == "settling"
    assert candidacy.attention == ["held-result:X"]
    candidacy.accept("X")
    assert candidacy.status == "timed_out"


def test_a_review_under_way_keeps_the_candidacy_open() -> None:
    candidacy = Candidacy(at=START)
    candidacy.pass_all()
    candidacy.submit(at=last_moment("2028-11-22"))
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.status == "awaiting_review"
    assert candidacy.attention == ["review-waiting"]
    assert candidacy.review() == ["WorkProductPassed", "Certified"]
    assert not candidacy.attention


def test_messages_that_waited_out_an_outage_are_all_applied_before_any_border_closes_the_candidacy() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    candidacy.advance_to(local("2028-11-30"))
    assert candidacy.status == "settling"
    change = parse("update_contact", name="Ana Maria Ruiz")
    taken = local("2028-11-20")
    result = parse("record_assessment_result", result_id="R", domain=PEOPLE, taken_at=taken, percentage=90)
    candidacy.outage_until(local("2028-12-20"), change, result)
    assert candidacy.status == "certified"


def test_an_outage_over_the_whole_settlement_still_takes_what_was_taken_in_time() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    taken = local("2028-11-20")
    result = parse("record_assessment_result", result_id="R", domain=PEOPLE, taken_at=taken, percentage=90)
    candidacy.outage_until(local("2029-03-01"), result)
    assert candidacy.last(e.Certified).certified_on == day("2029-03-01")


def test_an_outage_over_the_whole_settlement_closes_with_the_day_it_took_effect() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.outage_until(local("2029-03-01"))
    window, closed = candidacy.last(e.TestingWindowClosed), candidacy.last(e.CandidacyClosed)
    assert candidacy.status == "timed_out"
    assert (window.at, window.effective_on) == (local("2029-03-01"), day("2028-11-23"))
    assert (closed.at, closed.effective_on) == (local("2029-03-01"), day("2028-12-07"))


def test_an_alarm_rung_a_moment_late_took_effect_on_the_same_day() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(last_moment("2028-11-22"))
    candidacy.outage_until(border("2028-11-22") + timedelta(seconds=2))
    assert candidacy.last(e.TestingWindowClosed).effective_on is None


# --- rule 4: abandoned ---


def test_without_a_purchase_for_ninety_days_the_candidacy_is_abandoned() -> None:
    candidacy = Candidacy(at=START, paid=False)
    candidacy.advance_to(last_moment("2027-02-20"))
    assert candidacy.status == "awaiting_purchase"
    candidacy.advance_to(border("2027-02-20"))
    assert candidacy.status == "abandoned"
    assert "90 days" in candidacy.last(e.CandidacyClosed).reason


def test_a_purchase_that_waited_out_an_outage_is_taken_before_the_candidacy_is_abandoned() -> None:
    candidacy = Candidacy(at=START, paid=False)
    candidacy.outage_until(START + days(120), parse("confirm_purchase", reference="INV-1"))
    assert candidacy.status == "testing"


# --- rule 5: reminders ---


def test_reminders_go_out_at_nine_in_the_zone_of_the_body() -> None:
    candidacy = Candidacy(at=START)
    candidacy.advance_to(border("2028-11-22"))
    assert reminders(candidacy) == [
        (local("2028-05-26", "09:00:00").isoformat(), "180 days to the testing deadline"),
        (local("2028-08-24", "09:00:00").isoformat(), "90 days to the testing deadline"),
        (local("2028-10-23", "09:00:00").isoformat(), "30 days to the testing deadline"),
        (local("2028-11-15", "09:00:00").isoformat(), "7 days to the testing deadline"),
    ]
    # 09:00 in Chicago is another hour of UTC in summer than in winter.
    assert {datetime.fromisoformat(at).hour for at, _ in reminders(candidacy)} == {14, 15}
    assert candidacy.last(e.ReminderDue).border == day("2028-11-22")


def test_a_reminder_does_not_go_out_again_when_newer_time_zone_rules_move_its_hour() -> None:
    candidacy = Candidacy(at=START)
    reminded = local("2028-05-26", "09:30:00")
    candidacy.advance_to(reminded)
    assert len(reminders(candidacy)) == 1
    programme = candidacy.state.programme
    # Where it is an hour earlier, the hour of the reminder is still to come.
    later = programme.model_copy(update={"body": programme.body.model_copy(update={"zone": "America/Denver"})})
    state = candidacy.state.having(programme=later)
    assert not [alarm for alarm in rulebook.alarms(state) if alarm.at < reminded + timedelta(days=30)]


def test_after_an_outage_only_the_newest_missed_reminder_goes_out() -> None:
    candidacy = Candidacy(at=START)
    candidacy.outage_until(local("2028-10-25"))
    assert [what for _, what in reminders(candidacy)] == ["30 days to the testing deadline"]
    assert candidacy.last(e.ReminderDue).effective_on == day("2028-10-23")
    candidacy.advance_to(local("2028-11-20"))
    assert [what for _, what in reminders(candidacy)][1:] == ["7 days to the testing deadline"]


def test_after_an_outage_over_the_deadline_no_reminder_goes_out() -> None:
    candidacy = Candidacy(at=START)
    candidacy.outage_until(local("2028-11-25"))
    assert reminders(candidacy) == []
    assert candidacy.status == "settling"


def test_no_reminder_while_the_work_product_is_under_review_nor_one_made_up_for_later() -> None:
    candidacy = Candidacy(at=START)
    candidacy.pass_all()
    candidacy.submit(at=local("2028-08-20"))
    candidacy.advance_to(local("2028-11-01"))
    assert [what for _, what in reminders(candidacy)] == ["180 days to the testing deadline"]
    candidacy.review("failed")
    assert len(reminders(candidacy)) == 1
    candidacy.advance_to(local("2028-11-20"))
    assert [what for _, what in reminders(candidacy)][1:] == ["7 days to the testing deadline"]


def test_no_reminder_while_only_the_anniversary_of_the_experience_is_awaited() -> None:
    candidacy = Candidacy(at=START, since="2027-10-01")
    candidacy.certify()
    assert candidacy.status == "awaiting_experience"
    candidacy.advance_to(local("2028-10-01"))
    assert reminders(candidacy) == []


def test_a_reminder_goes_out_while_the_experience_is_missing() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    candidacy.advance_to(local("2028-06-01"))
    assert len(reminders(candidacy)) == 1


def test_a_purchase_confirmed_late_gets_the_coming_reminders_only() -> None:
    candidacy = Candidacy(at=local("2028-10-01"), purchased_at=START)
    candidacy.advance_to(local("2028-11-20"))
    assert [what.split()[0] for _, what in reminders(candidacy)] == ["30", "7"]


# --- rule 6: extension ---


def extend(until: str) -> dict[str, str]:
    return {"until": until, "reason": "illness", "approved_by": "B. Oss"}


def test_an_extension_moves_the_deadline_and_plans_the_coming_reminders_anew() -> None:
    candidacy = Candidacy(at=START)
    candidacy.advance_to(local("2028-11-20"))
    assert len(reminders(candidacy)) == 4
    assert candidacy.say("extend_deadline", **extend("2029-02-20")) == ["DeadlineExtended"]
    event = candidacy.last(e.DeadlineExtended)
    assert (event.previous, event.deadline, event.approved_by) == (day("2028-11-22"), day("2029-02-20"), "B. Oss")
    assert event.closes_at == border("2029-02-20")
    candidacy.advance_to(local("2029-02-20"))
    coming = reminders(candidacy)[4:]
    assert [what.split()[0] for _, what in coming] == ["90", "30", "7"]
    assert coming[0][0] == local("2028-11-22", "09:00:00").isoformat()


def test_an_extension_of_180_days_in_all_is_the_limit_counted_from_the_original_deadline() -> None:
    candidacy = Candidacy(at=START)
    assert candidacy.refused("extend_deadline", **extend("2029-05-22")) == "extension-too-long"
    candidacy.say("extend_deadline", **extend("2029-03-01"))
    assert candidacy.refused("extend_deadline", **extend("2029-05-22")) == "extension-too-long"
    assert candidacy.say("extend_deadline", **extend("2029-05-21")) == ["DeadlineExtended"]
    assert candidacy.refused("extend_deadline", **extend("2029-05-22")) == "extension-too-long"


def test_an_extension_never_shortens_and_the_same_again_changes_nothing() -> None:
    candidacy = Candidacy(at=START)
    assert candidacy.refused("extend_deadline", **extend("2028-11-21")) == "not-later"
    candidacy.say("extend_deadline", **extend("2029-01-10"))
    assert candidacy.say("extend_deadline", **extend("2029-01-10")) == []


def test_an_extension_that_comes_again_is_a_duplicate_whatever_has_happened_since() -> None:
    candidacy = Candidacy(at=START)
    candidacy.say("extend_deadline", **extend("2029-01-10"))
    candidacy.say("extend_deadline", START + days(1), **extend("2029-03-01"))
    other_reason = extend("2029-01-10") | {"reason": "a long illness", "approved_by": "b.  oss"}
    assert candidacy.say("extend_deadline", **other_reason) == []
    candidacy.certify()
    assert candidacy.say("extend_deadline", **extend("2029-03-01")) == []


def test_an_extension_to_the_same_day_by_another_person_is_refused_and_says_who_approved_the_first() -> None:
    candidacy = Candidacy(at=START)
    candidacy.say("extend_deadline", **extend("2029-01-10"))
    with pytest.raises(Refused, match=r"moved to 2029-01-10 already, approved by B\. Oss on 2026-11-22"):
        candidacy.say("extend_deadline", **extend("2029-01-10") | {"approved_by": "Kim Stone"})


def test_an_extension_while_settling_opens_the_window_again() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.pass_all(but=PEOPLE)
    candidacy.advance_to(local("2028-12-01"))
    assert candidacy.status == "settling"
    candidacy.say("extend_deadline", **extend("2028-12-31"))
    assert candidacy.status == "testing"
    candidacy.advance_to(last_moment("2028-12-31"))
    assert candidacy.status == "testing"
    assert "Certified" in candidacy.result(PEOPLE, 80)


def test_an_extension_to_a_day_that_is_over_is_refused() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(local("2028-12-01"))
    assert candidacy.refused("extend_deadline", **extend("2028-11-30")) == "deadline-in-the-past"
    assert candidacy.say("extend_deadline", **extend("2028-12-01")) == ["DeadlineExtended"]


def test_an_extended_window_settles_and_times_out_at_its_new_border() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.advance_to(local("2028-12-01"))
    candidacy.say("extend_deadline", **extend("2028-12-31"))
    candidacy.advance_to(last_moment("2029-01-14"))
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2029-01-14"))
    assert candidacy.status == "timed_out"


def test_an_extension_before_the_purchase_or_after_certification_is_refused() -> None:
    assert Candidacy(paid=False).refused("extend_deadline", **extend("2029-01-01")) == "purchase-not-confirmed"
    assert Candidacy().certify().refused("extend_deadline", **extend("2029-01-01")) == "already-certified"


# --- rule 7: order does not matter ---


@each("turn", range(4))
def test_whatever_comes_last_certifies(turn: int) -> None:
    candidacy = Candidacy(at=START, since=None)
    domains = [PEOPLE, OPERATIONS, CUSTOMERS, LEADERSHIP]
    steps: list[Callable[[], object]] = [
        lambda: [candidacy.result(domain) for domain in domains[:2]],
        lambda: [candidacy.submit(), candidacy.review()],
        lambda: [candidacy.result(domain) for domain in domains[2:]],
        lambda: [candidacy.say("record_experience", role="Director", started_on="2020-01-01")],
    ]
    for step in steps[turn:] + steps[:turn]:
        assert candidacy.status != "certified"
        step()
    assert candidacy.status == "certified"


def test_numbers_come_from_the_scheme() -> None:
    other = with_rules(testing={"window_months": 18, "settlement_days": 5, "reminder_days": [10]})
    candidacy = Candidacy("CCMA", at=START, of=other)
    candidacy.advance_to(local("2029-01-01"))
    assert candidacy.last(e.TestingWindowClosed).at == border("2028-05-22")
    assert [what.split()[0] for _, what in reminders(candidacy)] == ["10"]
    assert candidacy.last(e.CandidacyClosed).at == border("2028-05-27")
