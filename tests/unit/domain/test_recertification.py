"""Rules 18 and 19: evidence, review, the next cycle, and what the moment of submission decides."""

from datetime import datetime
from typing import Any

import pytest

from domain import events as e
from domain import messages
from domain.decision import Refused
from domain.state import Certificate
from domain.vocabulary import AlarmKind
from tests.cases import each
from tests.unit.domain.builders import (
    CIAC,
    PEOPLE,
    SHA,
    Candidacy,
    border,
    day,
    days,
    holder,
    last_moment,
    local,
    parse,
    scheme,
    with_rules,
)
from views.attention import attention_view
from views.standing import status_view


def evidence(submission_id: str, *completed_on: str, **fields: object) -> dict[str, object]:
    activities = [{"title": "A course", "completed_on": completed} for completed in completed_on]
    return {"submission_id": submission_id, "activities": activities} | fields


def review(submission_id: str, verdict: str = "approved", reviewer: str = "R. Viewer") -> dict[str, object]:
    return {"submission_id": submission_id, "reviewer": reviewer, "verdict": verdict}


def certificate(candidacy: Candidacy) -> Certificate:
    assert candidacy.state.certificate is not None
    return candidacy.state.certificate


# --- in time ---


def test_the_window_opens_twelve_months_before_expiry() -> None:
    candidacy = holder(certified_on="2027-03-05")
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2027-03-05")) == "window-not-open"
    candidacy.advance_to(last_moment("2029-03-04"))
    assert candidacy.status == "certified"
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2028-01-01")) == "window-not-open"
    candidacy.advance_to(border("2029-03-04"))
    assert candidacy.status == "recertifying"
    assert candidacy.state.recertification.status == "open"
    assert candidacy.state.in_force(candidacy.clock)
    assert candidacy.say("submit_recertification", **evidence("E-1", "2028-01-01")) == ["RecertificationSubmitted"]


@each("approved", ["2029-03-06", "2029-11-11", "2030-03-05"])
def test_approved_in_time_the_new_expiry_is_the_old_one_plus_three_years(approved: str) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", local("2029-03-05"))
    assert candidacy.approve("E-1", local(approved)) == ["Recertified"]
    event = candidacy.last(e.Recertified)
    assert (event.expires_on, event.cycle, event.gap_from) == (day("2033-03-05"), 2, None)
    assert candidacy.status == "certified"
    assert candidacy.state.recertification.status == "closed"
    assert certificate(candidacy).number == candidacy.last(e.Certified).number


def test_chained_cycles_from_29_february_2024_reach_29_february_2036() -> None:
    candidacy = holder(certified_on="2024-02-29")
    expiries = [certificate(candidacy).expires_on]
    for cycle in range(1, 4):
        candidacy.advance_to(certificate(candidacy).window_opens_at + days(20 * cycle))
        candidacy.evidence(f"E-{cycle}", candidacy.clock.date().isoformat())
        candidacy.approve(f"E-{cycle}", candidacy.clock + days(33))
        expiries.append(certificate(candidacy).expires_on)
    assert expiries == [day("2027-02-28"), day("2030-02-28"), day("2033-02-28"), day("2036-02-29")]
    assert certificate(candidacy).expires_at == border("2036-02-29")


def test_the_border_of_a_cycle_is_never_moved_by_the_day_of_approval() -> None:
    """Thirty years: ten cycles, some approved early, some in grace."""
    candidacy = holder(certified_on="2024-02-29")
    for cycle in range(1, 11):
        running = certificate(candidacy)
        assert running.expires_on == day(f"{2024 + 3 * cycle}-02-{29 if cycle % 4 == 0 else 28}")
        late = cycle % 3 == 0
        candidacy.advance_to(running.expires_at + days(40) if late else running.window_opens_at + days(17 * cycle))
        candidacy.evidence(f"E-{cycle}", running.window_opens_on.isoformat())
        candidacy.approve(f"E-{cycle}")
        assert candidacy.status == "certified"
    assert certificate(candidacy).cycle == 11


def test_a_cycle_pins_the_scheme_current_when_its_window_opens() -> None:
    def change(data: dict[str, object]) -> None:
        data["version"] = "ciac-2029.1"
        data["rules"]["certificate"]["validity_months"] = 24  # type: ignore[index]
        data["rules"]["certificate"]["evidence"] = 2  # type: ignore[index]

    candidacy = holder(certified_on="2027-03-05")
    candidacy.current_programme = scheme(change).programme("CCMA")
    candidacy.advance_to(last_moment("2029-03-04"))
    assert candidacy.state.programme.scheme == CIAC.version
    candidacy.advance_to(local("2029-03-06"))
    assert candidacy.last(e.RecertificationWindowOpened).programme.scheme == "ciac-2029.1"
    one = evidence("E-1", "2028-01-01")
    assert candidacy.refused("submit_recertification", **one) == "too-little-evidence"
    candidacy.say("submit_recertification", **evidence("E-1", "2028-01-01", "2028-02-01"))
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).expires_on == day("2032-03-05")


@each(
    ("newer", "corrected", "held"),
    [("75", 72, False), ("60", 65, True)],
)
def test_the_assessments_are_judged_by_the_scheme_under_which_they_were_taken(
    newer: str, corrected: int, held: bool
) -> None:
    def change(data: dict[str, object]) -> None:
        data["version"] = "ciac-2029.1"
        data["designations"]["CCMA"]["passing_score"] = newer  # type: ignore[index]

    candidacy = holder("CCMA", "2027-03-05")
    candidacy.current_programme = scheme(change).programme("CCMA")
    candidacy.advance_to(local("2029-04-01"))
    assert str(candidacy.state.programme.passing_score) == newer
    result = next(one for one in candidacy.state.results.values() if one.domain == PEOPLE)
    candidacy.result(PEOPLE, corrected, result.taken_at, result_id=result.result_id, revision=2)
    assert [hold.reasons for hold in candidacy.state.held.values()] == ([("after-certification",)] if held else [])
    assert candidacy.assessment(PEOPLE).status == "passed"


def asking_for_more() -> Candidacy:
    """A holder whose newest cycle has pinned a scheme that asks for more than the one under which she was tested."""

    def change(data: dict[str, Any]) -> None:
        data["version"] = "ciac-2029.1"
        data["domains"]["ethics"] = "Ethics"
        data["rules"]["retakes"]["attempts"] = 1
        data["designations"]["CCMA"] |= {"passing_score": 80, "work_product": True, "experience": "a year in the job"}

    candidacy = Candidacy("CCMA", at=local("2027-03-05"), since=None)
    candidacy.say("record_self_assessment", domain=PEOPLE, percentage=75)
    candidacy.certify().current_programme = scheme(change).programme("CCMA")
    return candidacy


def test_what_the_scheme_of_a_later_cycle_asks_for_is_asked_of_no_holder() -> None:
    candidacy = asking_for_more()
    before = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    candidacy.advance_to(local("2029-04-01"))
    assert candidacy.state.programme.work_product
    after = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert after.scheme == "ciac-2029.1"
    for part in ("assessments", "self_assessments", "work_product", "experience"):
        assert getattr(after, part) == getattr(before, part)
    submission = {"submission_id": "W-1", "uri": "urn:y", "sha256": SHA}
    assert candidacy.refused("submit_work_product", **submission) == "not-required"


def test_a_result_is_corrected_also_when_a_later_scheme_has_given_up_its_domain() -> None:
    def change(data: dict[str, Any]) -> None:
        data["domains"].pop(PEOPLE)

    candidacy = holder("CCMA", "2027-03-05")
    candidacy.current_programme = scheme(change).programme("CCMA")
    candidacy.advance_to(local("2029-04-01"))
    result = next(one for one in candidacy.state.results.values() if one.domain == PEOPLE)
    events = candidacy.result(PEOPLE, 20, result.taken_at, result_id=result.result_id, revision=2)
    assert events == ["ResultHeld"]
    with pytest.raises(messages.InvalidMessage):
        candidacy.result("no-such-domain")


def test_a_pass_that_was_undone_is_made_good_without_an_assessment_of_a_later_scheme() -> None:
    candidacy = asking_for_more()
    candidacy.advance_to(local("2029-04-01"))
    result = next(one for one in candidacy.state.results.values() if one.domain == PEOPLE)
    candidacy.result(PEOPLE, 20, result.taken_at, result_id=result.result_id, revision=2)
    candidacy.accept(result.result_id)
    assert candidacy.attention == ["requirement-undone"]
    (matter,) = attention_view(candidacy.state)
    assert matter.what == "the certificate stands, and People Management is not passed any more"
    assert candidacy.assessment(PEOPLE).status == "open"
    candidacy.result(PEOPLE, 75, result.taken_at, result_id=result.result_id, revision=3)
    assert candidacy.attention == []


def test_where_no_scheme_can_be_loaded_the_cycle_goes_on_and_asks_for_attention() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.current_programme = None
    candidacy.advance_to(local("2029-03-06"))
    assert candidacy.status == "recertifying"
    assert candidacy.state.programme.scheme == CIAC.version
    assert candidacy.attention == ["scheme-not-loaded"]


# --- evidence ---


@each(
    ("completed", "taken"),
    [("2027-03-04", False), ("2027-03-05", True), ("2029-06-01", True), ("2029-06-02", False)],
)
def test_evidence_is_dated_inside_the_cycle(completed: str, taken: bool) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2029-06-01"))
    message = evidence("E-1", "2028-01-01", completed)
    if taken:
        assert candidacy.say("submit_recertification", **message) == ["RecertificationSubmitted"]
    else:
        assert candidacy.refused("submit_recertification", **message) == "evidence-outside-cycle"


def test_evidence_of_the_cycle_before_does_not_count_again() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", local("2029-06-01"))
    candidacy.approve("E-1")
    candidacy.advance_to(local("2032-06-01"))
    assert candidacy.refused("submit_recertification", **evidence("E-2", "2029-06-01")) == "evidence-outside-cycle"
    assert candidacy.evidence("E-2", "2029-06-02") == ["RecertificationSubmitted"]


@each(
    ("submitted", "decided", "evidence_from"),
    [
        ("2029-06-01", "2029-09-09", "2029-06-02"),
        ("2030-03-05", "2030-05-05", "2030-03-06"),
        ("2030-04-01", "2030-05-05", "2030-03-06"),
        ("2030-08-01", "2030-08-20", "2030-08-02"),
    ],
)
def test_no_day_of_a_holders_life_counts_in_no_cycle(submitted: str, decided: str, evidence_from: str) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2029-04-01"))
    candidacy.evidence("E-0", "2029-04-01")
    candidacy.approve("E-0", verdict="returned")
    candidacy.evidence("E-1", "2028-01-01", local(submitted))
    candidacy.approve("E-1", local(decided))
    assert certificate(candidacy).cycle_starts_on == day(evidence_from)
    candidacy.advance_to(certificate(candidacy).window_opens_at)
    assert candidacy.last(e.RecertificationWindowOpened).evidence_from == day(evidence_from)


def test_a_window_that_opens_under_a_new_scheme_brings_its_dates_and_the_expiry_stays() -> None:
    """The recipe of the README: a grace of 120 days for cycles whose window opens from now on."""

    def longer(data: dict[str, Any]) -> None:
        data["rules"]["certificate"] |= {"grace_days": 120, "lapse_months": 18, "evidence": 2}

    running, candidacy = holder(certified_on="2026-03-05"), holder(certified_on="2027-03-05")
    for one in (running, candidacy):
        one.advance_to(local("2029-03-01"))
        one.current_programme = scheme(longer).programme("CCMA")
        one.advance_to(local("2029-03-10"))
    event = candidacy.last(e.RecertificationWindowOpened)
    assert (event.expires_on, event.grace_ends_on, event.ends_on) == (
        day("2030-03-05"),
        day("2030-07-03"),
        day("2031-09-05"),
    )
    assert (event.lapses_at, event.ends_at, event.evidence) == (border("2030-07-03"), border("2031-09-05"), 2)
    candidacy.advance_to(last_moment("2030-07-03"))
    assert candidacy.status == "grace"
    assert candidacy.last(e.CertificateExpired).grace_ends_on == day("2030-07-03")
    candidacy.advance_to(border("2030-07-03"))
    assert candidacy.status == "lapsed"
    assert running.last(e.CertificateExpired).grace_ends_on == day("2029-06-03"), "this window was open before"


def test_gaps_are_kept_for_good() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2030-08-01", local("2030-08-01"))
    candidacy.approve("E-1", local("2030-08-20"))
    candidacy.evidence("E-2", "2033-01-01", local("2033-01-01"))
    candidacy.approve("E-2")
    assert candidacy.last(e.Recertified).gap_from is None
    candidacy.evidence("E-3", "2037-02-01", local("2037-02-01"))
    candidacy.approve("E-3", local("2037-03-01"))
    gaps = [(gap.start.isoformat(), gap.end.isoformat()) for gap in certificate(candidacy).gaps]
    assert gaps == [("2030-03-06", "2030-08-20"), ("2036-08-21", "2037-03-01")]
    shown = status_view(candidacy.state, "Ana", candidacy.clock).document()["certificate"]["gaps"]
    assert shown == [{"from": start, "to": end} for start, end in gaps]


def test_evidence_that_comes_again_is_known_whatever_has_happened_since() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", local("2029-06-01"))
    candidacy.approve("E-1", verdict="returned")
    candidacy.evidence("E-2", "2028-01-01", local("2029-07-01"))
    candidacy.approve("E-2")
    for moment in ("2029-08-01", "2032-09-01", "2034-01-01"):
        candidacy.advance_to(local(moment))
        for submission in ("E-1", "E-2"):
            assert candidacy.evidence(submission, "2028-01-01") == []
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2032-08-01")) == "submission-known"


def test_without_any_evidence_it_is_refused() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.refused("submit_recertification", **evidence("E-1")) == "too-little-evidence"


def test_evidence_that_comes_again_without_its_moment_is_known_before_and_after_its_review() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2029-06-01"))
    sent = evidence("E-1", "2028-01-01", submitted_at=local("2029-05-30"))
    assert candidacy.say("submit_recertification", **sent) == ["RecertificationSubmitted"]
    again = evidence("E-1", "2028-01-01")
    assert candidacy.say("submit_recertification", **again) == []
    other = evidence("E-1", "2028-01-02")
    assert candidacy.refused("submit_recertification", **other) == "under-review"
    candidacy.approve("E-1")
    assert candidacy.say("submit_recertification", **again) == []
    assert candidacy.refused("submit_recertification", **other) != ""


def test_returned_evidence_may_be_submitted_anew() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", local("2029-06-01"))
    assert candidacy.refused("submit_recertification", **evidence("E-2", "2028-01-01")) == "under-review"
    assert candidacy.evidence("E-1", "2028-01-01") == []
    assert candidacy.approve("E-1", verdict="returned") == ["RecertificationReturned"]
    assert candidacy.state.recertification.status == "returned"
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2028-02-02")) == "submission-known"
    assert candidacy.evidence("E-2", "2028-01-01") == ["RecertificationSubmitted"]
    assert candidacy.approve("E-2") == ["Recertified"]


def test_a_verdict_that_comes_again_is_known_and_another_one_is_refused_with_its_decider() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", local("2029-06-01"))
    candidacy.approve("E-1", verdict="returned")
    assert candidacy.say("review_recertification", **review("E-1", "returned"), comments="once more") == []
    candidacy.evidence("E-2", "2028-01-01")
    candidacy.approve("E-2", local("2029-06-09"))
    for moment in ("2029-07-01", "2032-09-01"):
        candidacy.advance_to(local(moment))
        assert candidacy.say("review_recertification", **review("E-2")) == []
        assert candidacy.say("review_recertification", **review("E-1", "returned")) == []
        for other in (review("E-2", "returned"), review("E-2", reviewer="S. Econd")):
            assert candidacy.refused("review_recertification", **other) == "not-under-review"
    with pytest.raises(Refused, match=r"approved, by R\. Viewer on 2029-06-09"):
        candidacy.say("review_recertification", **review("E-2", "returned"))


def test_a_review_before_its_submission_and_one_by_the_holder_are_refused() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2029-06-01"))
    assert candidacy.refused("review_recertification", **review("E-1")) == "not-under-review"
    candidacy.evidence("E-1", "2028-01-01")
    for own in ("C-1001", "Ana@example.org"):
        assert candidacy.refused("review_recertification", **review("E-1", reviewer=own)) == "own-reviewer"


def test_a_candidate_has_nothing_to_recertify() -> None:
    candidacy = Candidacy()
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2026-01-01")) == "not-a-holder"
    assert candidacy.refused("review_recertification", **review("E-1")) == "not-a-holder"


# --- grace ---


def test_recertified_in_grace_it_is_as_if_in_time() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2030-03-05", last_moment("2030-06-03"))
    candidacy.approve("E-1")
    event = candidacy.last(e.Recertified)
    assert (event.expires_on, event.gap_from) == (day("2033-03-05"), None)
    assert candidacy.status == "certified"


def test_in_grace_evidence_is_dated_up_to_the_expiry() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2030-04-01"))
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2030-03-06")) == "evidence-outside-cycle"


def test_submitted_in_time_and_approved_in_grace_the_moment_of_submission_counts() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2030-03-05", last_moment("2030-03-05"))
    candidacy.advance_to(border("2030-03-05"))
    assert candidacy.status == "grace"
    assert not candidacy.state.in_force(candidacy.clock)
    assert candidacy.attention == ["review-waiting"]
    candidacy.approve("E-1", local("2030-05-01"))
    assert candidacy.last(e.Recertified).expires_on == day("2033-03-05")
    assert not candidacy.attention


def test_submitted_in_grace_and_reviewed_after_it_nothing_lapses_meanwhile() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", last_moment("2030-06-03"))
    candidacy.advance_to(local("2030-09-01"))
    assert candidacy.status == "grace"
    assert candidacy.attention == ["review-waiting"]
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).expires_on == day("2033-03-05")
    assert "CertificationLapsed" not in candidacy.types


def test_returned_after_the_border_the_certification_lapses_at_once() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", last_moment("2030-06-03"))
    candidacy.advance_to(local("2030-09-01"))
    assert candidacy.approve("E-1", verdict="returned") == ["RecertificationReturned", "CertificationLapsed"]
    assert candidacy.status == "lapsed"


def test_returned_after_the_last_border_the_certification_ends() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", last_moment("2030-06-03"))
    candidacy.advance_to(local("2031-09-01"))
    assert candidacy.status == "grace"
    candidacy.approve("E-1", verdict="returned")
    candidacy.advance_to(candidacy.clock)
    assert candidacy.status == "expired"


# --- evidence that arrives late (R5, R11) ---


def test_a_late_delivery_is_in_time_by_its_moment_of_submission() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(last_moment("2030-06-17"))
    assert candidacy.status == "lapsed"
    sent = evidence("E-1", "2030-03-05", submitted_at=last_moment("2030-06-03"))
    candidacy.say("submit_recertification", **sent)
    assert candidacy.status == "lapsed"
    assert candidacy.last(e.RecertificationSubmitted).phase == "grace"
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).expires_on == day("2033-03-05")
    assert candidacy.last(e.Recertified).gap_from is None


@each(
    ("submitted", "arrived", "phase", "covers_until"),
    [
        ("2030-03-05", last_moment("2030-03-19"), "in_time", "2030-03-05"),
        ("2030-03-05", border("2030-03-19"), "grace", "2030-03-05"),
        ("2030-03-05", border("2030-06-17"), "lapsed", "2030-06-18"),
        ("2030-06-03", last_moment("2030-06-17"), "grace", "2030-03-05"),
        ("2030-06-03", border("2030-06-17"), "lapsed", "2030-06-18"),
        ("2030-06-03", border("2031-03-05"), "lapsed", "2031-03-05"),
        ("2030-07-01", local("2031-03-01"), "lapsed", "2030-07-01"),
        ("2029-04-01", local("2030-03-01"), "in_time", "2029-04-01"),
    ],
)
def test_more_than_a_settlement_after_an_expiry_or_a_lapse_evidence_counts_from_its_arrival(
    submitted: str, arrived: datetime, phase: str, covers_until: str
) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(arrived)
    message = evidence("E-1", "2029-03-05", submitted_at=last_moment(submitted))
    assert candidacy.say("submit_recertification", **message) == ["RecertificationSubmitted"]
    event = candidacy.last(e.RecertificationSubmitted)
    assert (event.phase, event.covers_until) == (phase, day(covers_until))
    assert (event.submitted_at, event.counts_from or last_moment(submitted)) == (
        last_moment(submitted),
        arrived if event.counts_from else event.submitted_at,
    )


def test_evidence_that_counts_from_an_arrival_in_grace_defers_the_lapse() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(border("2030-03-19"))
    candidacy.say("submit_recertification", **evidence("E-1", "2029-03-05", submitted_at=last_moment("2030-03-05")))
    candidacy.advance_to(local("2030-09-01"))
    assert candidacy.status == "grace"
    assert candidacy.last(e.BorderDeferred).alarm is AlarmKind.LAPSE
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).gap_from is None


@each("late", [0, 1, 30, 200])
def test_evidence_that_counts_from_an_arrival_after_the_lapse_leaves_it_lapsed_however_late_the_lapse_is_handled(
    late: int,
) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2030-03-20"))
    sent = evidence("E-1", "2029-03-05", submitted_at=local("2030-03-01"))
    candidacy.outage_until(border("2030-06-03") + days(late), parse("submit_recertification", **sent))
    assert candidacy.last(e.RecertificationSubmitted).phase == "lapsed"
    assert candidacy.types[-2:] == ["RecertificationSubmitted", "CertificationLapsed"]
    assert "BorderDeferred" not in candidacy.types
    view = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert (view.status, [alarm.kind for alarm in view.upcoming]) == ("lapsed", ["end"])
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).gap_from == day("2030-03-06")


def test_where_evidence_is_too_early_and_too_late_the_window_decides() -> None:
    candidacy = holder(certified_on="2027-03-05")
    message = evidence("E-1", "2028-01-01", submitted_at=last_moment("2029-03-04"))
    assert candidacy.refused("submit_recertification", local("2030-04-01"), **message) == "window-not-open"


# --- lapsed ---


def test_recertified_when_lapsed_it_runs_from_the_day_of_decision_with_a_visible_gap() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2030-08-01", local("2030-08-01"))
    assert candidacy.last(e.RecertificationSubmitted).phase == "lapsed"
    candidacy.approve("E-1", local("2030-08-20"))
    event = candidacy.last(e.Recertified)
    assert (event.anchor, event.expires_on, event.gap_from) == (
        day("2030-08-20"),
        day("2033-08-20"),
        day("2030-03-06"),
    )
    assert certificate(candidacy).number == candidacy.last(e.Certified).number
    assert certificate(candidacy).gap_from == day("2030-03-06")
    assert candidacy.status == "certified"
    candidacy.evidence("E-2", "2031-01-01", local("2033-01-01"))
    candidacy.approve("E-2")
    assert candidacy.last(e.Recertified).expires_on == day("2036-08-20")


def test_submitted_on_the_last_day_and_reviewed_after_the_end() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2031-03-05", last_moment("2031-03-05"))
    candidacy.advance_to(local("2031-06-01"))
    assert candidacy.status == "lapsed"
    assert candidacy.attention == ["review-waiting"]
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).expires_on == day("2034-06-01")


# --- the last day of renewal, and its settlement (R5) ---


def test_after_twelve_months_and_the_settlement_it_is_over() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(last_moment("2031-03-19"))
    assert candidacy.status == "lapsed"
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2031-01-01")) == "ended"
    candidacy.advance_to(border("2031-03-19"))
    assert candidacy.status == "expired"
    assert candidacy.refused("submit_recertification", **evidence("E-1", "2031-01-01")) == "closed"


def test_evidence_submitted_by_the_last_day_of_renewal_may_arrive_in_its_settlement() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(last_moment("2031-03-19"))
    sent = evidence("E-1", "2031-03-05", submitted_at=last_moment("2031-03-05"))
    assert candidacy.say("submit_recertification", **sent) == ["RecertificationSubmitted"]
    candidacy.advance_to(local("2031-04-01"))
    assert candidacy.status == "lapsed"
    candidacy.approve("E-1")
    event = candidacy.last(e.Recertified)
    assert (event.anchor, event.cycle_starts_on, event.gap_to) == (
        day("2031-04-01"),
        day("2031-03-06"),
        day("2031-04-01"),
    )


@each(("returned", "after"), [("2031-03-10", "lapsed"), ("2031-04-01", "expired")])
def test_evidence_that_is_returned_leaves_the_rest_of_the_settlement(returned: str, after: str) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2031-03-05", last_moment("2031-03-05"))
    candidacy.approve("E-1", local(returned), verdict="returned")
    assert candidacy.status == after
    candidacy.advance_to(border("2031-04-01"))
    assert candidacy.status == "expired"


def test_evidence_that_waited_out_an_outage_is_taken_before_the_borders() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2030-01-01"))
    sent = evidence("E-1", "2029-01-01", submitted_at=local("2030-02-01"))
    rename = parse("update_contact", name="Ana Maria Ruiz")
    candidacy.outage_until(local("2032-01-01"), rename, parse("submit_recertification", **sent))
    assert candidacy.status == "grace"
    candidacy.approve("E-1")
    assert candidacy.last(e.Recertified).expires_on == day("2033-03-05")


@each(
    ("grace", "submitted", "status", "gap_from"),
    [
        (30, "2030-04-04", "grace", None),
        (30, "2030-05-01", "lapsed", "2030-03-06"),
        (120, "2030-06-20", "grace", None),
        (120, "2030-07-04", "lapsed", "2030-03-06"),
    ],
)
def test_evidence_that_is_heard_before_the_window_opens_counts_by_the_dates_of_that_window(
    grace: int, submitted: str, status: str, gap_from: str | None
) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.current_programme = with_rules(certificate={"grace_days": grace}).programme("CCMA")
    sent = evidence("E-1", "2029-03-05", submitted_at=local(submitted))
    candidacy.outage_until(local("2030-08-01"), parse("submit_recertification", **sent))
    assert candidacy.status == status
    candidacy.approve("E-1")
    recertified = candidacy.last(e.Recertified)
    assert recertified.gap_from == (day(gap_from) if gap_from else None)
    assert recertified.cycle_starts_on == day("2030-03-06" if gap_from is None else submitted) + days(bool(gap_from))


def test_evidence_and_approval_that_waited_out_an_outage_leave_no_gap() -> None:
    candidacy = holder(certified_on="2027-03-05")
    sent = evidence("E-1", "2029-01-01", submitted_at=local("2029-06-01"))
    approved = parse("review_recertification", **review("E-1"))
    candidacy.outage_until(local("2029-07-01"), parse("submit_recertification", **sent), approved)
    assert candidacy.status == "certified"
    assert certificate(candidacy).cycle == 2
