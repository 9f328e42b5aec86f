"""Rule 14: experience is met on the first anniversary of its start, and awaited."""

import json
import unicodedata
from typing import Any

import pytest

from domain import events as e
from domain import requirements
from domain.decision import Refused
from domain.effects import Notify
from domain.matters.experience import MAX_RECORDS
from domain.state import State
from tests.cases import each
from tests.unit.domain.builders import PEOPLE, START, Candidacy, border, day, days, last_moment, local, parse
from views.timeline import summary_of


def record(since: str, ended: str | None = None, **fields: str) -> dict[str, str]:
    ended_on = {"ended_on": ended} if ended else {}
    return {"role": "Director", "started_on": since} | ended_on | fields


def test_experience_is_met_on_the_first_anniversary() -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    assert candidacy.status == "awaiting_experience"
    candidacy.advance_to(last_moment("2027-06-14"))
    assert candidacy.status == "awaiting_experience"
    candidacy.advance_to(border("2027-06-14"))
    assert candidacy.status == "certified"
    assert candidacy.last(e.ExperienceMet).met_on == day("2027-06-15")
    assert candidacy.last(e.Certified).certified_on == day("2027-06-15")


def test_experience_begun_on_29_february_counts_from_28_february() -> None:
    candidacy = Candidacy(at=local("2028-03-01"), since="2028-02-29")
    candidacy.advance_to(local("2029-03-05"))
    assert candidacy.last(e.ExperienceMet).met_on == day("2029-02-28")


@each(("ended", "met"), [("2026-02-28", True), ("2026-02-27", False), ("2026-03-01", True), (None, True)])
def test_a_role_that_ended_counts_where_it_lasted_a_year(ended: str | None, met: bool) -> None:
    candidacy = Candidacy(at=START, since="2025-03-01", ended=ended)
    assert (candidacy.state.experience_met_on is not None) is met
    assert ("ExperienceMet" in candidacy.types) is met


def test_met_experience_is_not_missing_while_the_purchase_is_awaited() -> None:
    candidacy = Candidacy(paid=False, since="2026-01-01")
    candidacy.advance_to(local("2027-01-05"))
    assert candidacy.last(e.ExperienceMet).met_on == day("2027-01-01")
    assert not any("the experience" in phrase for phrase in requirements.missing(candidacy.state))
    assert not requirements.all_met(candidacy.state)
    waiting = Candidacy(paid=False, since="2026-06-01")
    assert any("the experience" in phrase for phrase in requirements.missing(waiting.state))


def test_experience_that_comes_after_the_deadline_is_told_by_no_notice() -> None:
    # A result that is held keeps the candidacy open until the experience comes, a month after the deadline.
    late = Candidacy(since="2027-12-24")
    late.result(PEOPLE, 80, result_id="R-7", passed=False)
    late.advance_to(local("2028-12-30"))
    assert late.last(e.ExperienceMet).met_on == day("2028-12-24")
    assert not [one for one in late.effects if isinstance(one, Notify) and one.notice == "experience-met"]
    assert any("the experience" in phrase for phrase in requirements.missing(late.state))
    # An extension beyond that day meets it after all, and the notice of the extension asks for it no longer.
    late.say("extend_deadline", until="2029-01-15", reason="x", approved_by="y")
    (extended,) = [one for one in late.effects if isinstance(one, Notify) and one.notice == "deadline-extended"]
    assert not any("the experience" in phrase for phrase in extended.facts["missing"])
    in_time = Candidacy(since="2026-12-24")
    in_time.advance_to(local("2027-12-30"))
    assert [one for one in in_time.effects if isinstance(one, Notify) and one.notice == "experience-met"]


def test_missing_experience_is_awaited() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    assert candidacy.status == "awaiting_experience"
    assert candidacy.say("record_experience", **record("2025-01-01")) == [
        "ExperienceRecorded",
        "ExperienceMet",
        "Certified",
    ]


def test_an_associate_needs_no_experience() -> None:
    assert Candidacy("CCMA", since=None).certify().status == "certified"
    assert Candidacy("CCMC", since=None).certify().status == "certified"


def test_an_anniversary_on_the_last_day_of_the_window_is_in_time() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    candidacy.say("record_experience", local("2028-01-10"), **record("2027-11-22"))
    candidacy.advance_to(local("2028-11-22", "00:00:00"))
    assert candidacy.status == "certified"


def test_an_anniversary_past_the_window_is_too_late() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    candidacy.say("record_experience", local("2028-01-10"), **record("2027-11-23"))
    candidacy.advance_to(local("2028-12-01"))
    assert candidacy.last(e.ExperienceMet).met_on == day("2028-11-23")
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2028-12-06"))
    assert candidacy.status == "timed_out"
    assert "experience" in candidacy.last(e.CandidacyClosed).reason


def test_an_extension_lets_a_later_anniversary_count() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    candidacy.say("record_experience", local("2028-01-10"), **record("2027-11-23"))
    extension = {"until": "2028-12-31", "reason": "illness", "approved_by": "B. Oss"}
    assert candidacy.say("extend_deadline", local("2028-12-01"), **extension) == ["DeadlineExtended", "Certified"]


def test_experience_reported_in_the_settlement_counts_where_its_anniversary_lay_inside() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    assert "Certified" in candidacy.say("record_experience", local("2028-12-03"), **record("2027-01-01"))


# --- R8: records stand side by side ---


def test_a_later_record_never_takes_away_what_was_met() -> None:
    candidacy = Candidacy(at=START, since="2020-01-01")
    assert candidacy.last(e.ExperienceMet).met_on == day("2021-01-01")
    assert candidacy.say("record_experience", **record("2026-10-01")) == ["ExperienceRecorded"]
    assert candidacy.state.experience_met_on == day("2021-01-01")
    assert len(candidacy.state.experience) == 2
    assert candidacy.certify().status == "certified"


def test_of_several_records_the_first_to_be_met_counts() -> None:
    candidacy = Candidacy(at=START, since="2026-10-01").certify()
    candidacy.say("record_experience", **record("2026-03-01", role="Manager"))
    assert candidacy.due("experience") == local("2027-03-01", "00:00:00")
    candidacy.advance_to(local("2027-03-01"))
    assert candidacy.last(e.ExperienceMet).met_on == day("2027-03-01")
    assert candidacy.status == "certified"


def test_records_are_never_summed() -> None:
    candidacy = Candidacy(at=START, since="2025-01-01", ended="2025-08-31").certify()
    candidacy.say("record_experience", **record("2025-09-01", "2026-06-30", role="Manager"))
    assert candidacy.status == "awaiting_experience"
    assert candidacy.due("experience") is None


def test_the_same_role_and_start_replaces_a_record_that_is_not_met_yet() -> None:
    candidacy = Candidacy(at=START, since="2026-06-01").certify()
    ended = record("2026-06-01", "2026-11-01")
    assert candidacy.say("record_experience", **ended) == ["ExperienceRecorded"]
    assert candidacy.last(e.ExperienceRecorded).differs_in == ("ended_on",)
    assert "it differs in ended_on" in summary_of(candidacy.last(e.ExperienceRecorded))
    assert [claim.ended_on for claim in candidacy.state.experience] == [day("2026-11-01")]
    candidacy.advance_to(local("2027-07-01"))
    assert candidacy.status == "awaiting_experience"


def test_a_record_that_was_replaced_and_comes_again_is_a_duplicate() -> None:
    """R7: what was decided once and is delivered again is a duplicate, whatever has happened since."""
    candidacy = Candidacy(at=START, since="2026-06-01").certify()
    candidacy.say("record_experience", **record("2026-06-01", "2026-11-01"))
    assert candidacy.say("record_experience", **record("2026-06-01")) == []
    assert [claim.ended_on for claim in candidacy.state.experience] == [day("2026-11-01")]


def test_a_record_that_is_met_stays_when_its_role_and_start_come_again_with_an_early_end() -> None:
    candidacy = Candidacy(at=START, since="2020-01-01")
    candidacy.say("record_experience", **record("2020-01-01", "2020-06-30"))
    assert len(candidacy.state.experience) == 2
    assert candidacy.certify().status == "certified"


def test_a_record_that_was_met_too_late_for_the_window_gives_way_to_an_earlier_one() -> None:
    candidacy = Candidacy(at=START, since=None).certify()
    candidacy.say("record_experience", local("2028-01-10"), **record("2027-11-23"))
    candidacy.advance_to(local("2028-12-01"))
    assert candidacy.state.experience_met_on == day("2028-11-23")
    earlier = record("2027-01-01", role="Manager")
    assert candidacy.say("record_experience", **earlier) == ["ExperienceRecorded", "ExperienceMet", "Certified"]


def test_a_record_that_was_taken_before_is_a_duplicate_also_for_a_holder() -> None:
    candidacy = Candidacy(at=START, since="2020-01-01").certify()
    assert candidacy.say("record_experience", **record("2020-01-01")) == []
    assert candidacy.refused("record_experience", **record("2026-10-01")) == "already-certified"
    with pytest.raises(Refused, match="this role and start has another ended_on and attested_by"):
        candidacy.say("record_experience", **record("2020-01-01", "2026-01-01", attested_by="HR"))


def test_a_record_saved_by_another_program_is_the_same_record() -> None:
    candidacy = Candidacy(at=START, since=None)
    candidacy.say("record_experience", **record("2020-01-01", role="Directrice, Expérience client"))
    decomposed = unicodedata.normalize("NFD", "Directrice, Expérience\u00a0 client")
    assert candidacy.say("record_experience", **record("2020-01-01", role=decomposed)) == []


def test_only_so_many_records_are_carried_and_the_one_that_counts_stays() -> None:
    candidacy = Candidacy(at=START, since="2020-01-01")
    for number in range(MAX_RECORDS + 5):
        candidacy.say("record_experience", **record("2026-10-01", role=f"Role {number}"))
    assert len(candidacy.state.experience) == MAX_RECORDS
    assert candidacy.state.experience[0].started_on == day("2020-01-01")
    assert candidacy.certify().status == "certified"


def test_a_state_of_an_older_build_with_one_record_or_none_is_read() -> None:
    state = Candidacy(at=START, since="2020-01-01").state
    old = json.loads(state.model_dump_json())
    old["experience"] = old["experience"][0]
    assert State.model_validate(old) == state
    old["experience"] = None
    assert State.model_validate(old).experience == ()


def test_the_same_record_again_changes_nothing_but_an_attestation_is_kept() -> None:
    candidacy = Candidacy(at=START, since="2020-01-01")
    assert candidacy.say("record_experience", **record("2020-01-01")) == []
    assert candidacy.say("record_experience", **record("2020-01-01", attested_by="HR")) == ["ExperienceRecorded"]
    assert candidacy.last(e.ExperienceRecorded).attested_by == "HR"
    assert candidacy.state.experience_met_on == day("2021-01-01")


def test_after_an_outage_the_experience_counts_from_its_anniversary() -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    candidacy.outage_until(local("2027-07-01"))
    certified = candidacy.last(e.Certified)
    assert (certified.certified_on, certified.effective_on) == (day("2027-06-15"), day("2027-06-15"))
    assert certified.at == local("2027-07-01")


@each(
    ("waiting", "fields"),
    [
        ("record_self_assessment", {"domain": PEOPLE, "percentage": 50}),
        ("update_contact", {"email": "ana.ruiz@example.org"}),
        ("record_experience", {"role": "Manager", "started_on": "2026-12-01"}),
    ],
)
def test_what_waited_out_the_outage_moves_no_day_of_the_certificate(waiting: str, fields: dict[str, Any]) -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    candidacy.outage_until(local("2027-07-01"), parse(waiting, **fields))
    certified = candidacy.last(e.Certified)
    assert (certified.certified_on, certified.effective_on) == (day("2027-06-15"), day("2027-06-15"))
    assert certified.at == local("2027-07-01")


@each(
    ("known", "fields"),
    [
        ("confirm_purchase", {"reference": "INV-77"}),
        ("record_experience", {"role": "Director", "started_on": "2026-06-15"}),
    ],
)
def test_what_is_known_already_and_waited_out_the_outage_has_no_events(known: str, fields: dict[str, Any]) -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    candidacy.clock = local("2027-07-01")  # the engine is back, and the alarm of the anniversary has not rung yet
    assert candidacy.say(known, **fields) == []
    candidacy.outage_until(candidacy.clock)
    assert candidacy.last(e.Certified).certified_on == day("2027-06-15")


def test_a_result_that_waited_out_the_outage_certifies_on_the_day_of_its_decision() -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15")
    candidacy.pass_all(but=PEOPLE)
    candidacy.submit()
    candidacy.review()
    fields = {"result_id": "R-last", "domain": PEOPLE, "taken_at": candidacy.clock, "percentage": 80}
    last = parse("record_assessment_result", **fields)
    candidacy.outage_until(local("2027-07-01"), last)
    assert candidacy.last(e.ExperienceMet).met_on == day("2027-06-15")
    assert candidacy.last(e.Certified).certified_on == day("2027-07-01")


def test_a_correction_that_waited_out_the_outage_is_taken_before_the_certificate_is_granted() -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    passed = next(one for one in candidacy.state.results.values() if one.domain == PEOPLE)
    fields = {"result_id": passed.result_id, "revision": 2, "domain": PEOPLE, "taken_at": passed.taken_at}
    candidacy.outage_until(local("2027-07-01"), parse("record_assessment_result", percentage=20, **fields))
    assert candidacy.state.certificate is None
    assert candidacy.state.experience_met_on == day("2027-06-15")


def test_experience_waits_by_one_alarm_that_says_why() -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    alarm = candidacy.alarms[0]
    assert (alarm.kind, alarm.at, alarm.border) == ("experience", border("2027-06-14"), False)
    candidacy.advance_to(START + days(300))
    assert candidacy.due("experience") is None
