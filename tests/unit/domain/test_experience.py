"""Rule 14: experience is met on the first anniversary of its start, and awaited."""

import pytest

from domain import events as e
from tests.unit.domain.builders import START, Candidacy, border, day, days, last_moment, local


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


@pytest.mark.parametrize(
    ("ended", "met"), [("2026-02-28", True), ("2026-02-27", False), ("2026-03-01", True), (None, True)]
)
def test_a_role_that_ended_counts_where_it_lasted_a_year(ended: str | None, met: bool) -> None:
    candidacy = Candidacy(at=START, since="2025-03-01", ended=ended)
    assert (candidacy.state.experience_met_on is not None) is met
    assert ("ExperienceMet" in candidacy.types) is met


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


def test_the_newest_record_counts_until_certification() -> None:
    candidacy = Candidacy(at=START, since="2020-01-01")
    assert candidacy.last(e.ExperienceMet).met_on == day("2021-01-01")
    candidacy.say("record_experience", **record("2026-10-01"))
    assert candidacy.state.experience_met_on is None
    candidacy.certify()
    assert candidacy.status == "awaiting_experience"
    candidacy.advance_to(local("2027-10-01"))
    assert candidacy.status == "certified"
    assert candidacy.refused("record_experience", **record("2026-10-01")) == "already-certified"


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


def test_experience_waits_by_one_alarm_that_says_why() -> None:
    candidacy = Candidacy(at=local("2027-03-01"), since="2026-06-15").certify()
    alarm = candidacy.alarms[0]
    assert (alarm.kind, alarm.at, alarm.border) == ("experience", border("2027-06-14"), False)
    candidacy.advance_to(START + days(300))
    assert candidacy.due("experience") is None
