"""Rules 5, 17, 19 and 20: the certificate's life, its reminders, suspension and revocation."""

from datetime import timedelta
from typing import Any

from domain import events as e
from domain.effects import Notify
from tests.cases import each
from tests.unit.domain.builders import (
    START,
    Candidacy,
    border,
    day,
    days,
    holder,
    last_moment,
    local,
    scheme,
    with_rules,
)

WHO = {"reason": "a complaint", "by": "B. Oss"}


def reminders(candidacy: Candidacy) -> list[tuple[str, str]]:
    return [(str(event.at.date()), event.what) for event in candidacy.all(e.ReminderDue)]


# --- rule 17: granted ---


def test_the_certificate_is_effective_on_the_day_of_decision_and_expires_on_its_third_anniversary() -> None:
    candidacy = holder(certified_on="2027-03-05")
    certified = candidacy.last(e.Certified)
    assert (certified.certified_on, certified.expires_on) == (day("2027-03-05"), day("2030-03-05"))
    assert certified.expires_at == border("2030-03-05")
    assert candidacy.state.in_force(last_moment("2030-03-05"))
    assert not candidacy.state.in_force(border("2030-03-05"))


def test_a_certificate_of_29_february_expires_on_28_february() -> None:
    certified = holder(certified_on="2024-02-29").last(e.Certified)
    assert (certified.expires_on, certified.window_opens_on) == (day("2027-02-28"), day("2026-02-28"))


def test_the_number_is_unique_and_says_nothing_personal() -> None:
    first = holder().last(e.Certified).number
    again = holder(enrolment="run-2").last(e.Certified).number
    other = holder(candidate_id="C-1002").last(e.Certified).number
    assert len({first, again, other}) == 3
    assert holder().last(e.Certified).number == first
    assert "1001" not in first
    assert first.startswith("CCMA-")


def test_the_candidate_is_told_of_the_worth() -> None:
    candidacy = holder()
    notice = next(effect for effect in candidacy.effects if getattr(effect, "notice", "") == "certified")
    assert notice.facts["worth"].startswith("It validates")  # type: ignore[union-attr]
    assert notice.facts["certificate"]["expires_on"] == "2030-03-05"  # type: ignore[union-attr]


# --- rule 19: expiry, grace, lapse, end ---


def test_without_recertification_come_grace_lapse_and_the_end_each_at_its_border() -> None:
    candidacy = holder(certified_on="2027-03-05")
    borders = [
        ("2029-03-04", "certified", "recertifying"),
        ("2030-03-05", "recertifying", "grace"),
        ("2030-06-03", "grace", "lapsed"),
        ("2031-03-19", "lapsed", "expired"),
    ]
    for last_day, before, after in borders:
        candidacy.advance_to(last_moment(last_day))
        assert candidacy.status == before
        candidacy.advance_to(border(last_day))
        assert candidacy.status == after
    assert candidacy.last(e.CertificateExpired).grace_ends_on == day("2030-06-03")
    assert candidacy.last(e.RenewalClosed).at == border("2031-03-05")
    assert not candidacy.alarms


def test_the_holder_is_not_certified_in_grace_nor_lapsed() -> None:
    candidacy = holder(certified_on="2027-03-05")
    for moment in (border("2030-03-05"), border("2030-06-03")):
        candidacy.advance_to(moment)
        assert candidacy.state.holder
        assert not candidacy.state.in_force(candidacy.clock)


def test_an_outage_over_years_rings_every_border_with_its_own_day() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.outage_until(local("2035-01-01"))
    assert candidacy.status == "expired"
    days_of = {type(event).__name__: event.effective_on for event in candidacy.events if event.effective_on}
    assert days_of == {
        "RecertificationWindowOpened": day("2029-03-05"),
        "CertificateExpired": day("2030-03-06"),
        "CertificationLapsed": day("2030-06-04"),
        "RenewalClosed": day("2031-03-06"),
        "CandidacyClosed": day("2031-03-20"),
    }
    assert not reminders(candidacy)


def test_a_message_after_a_border_does_not_ring_it() -> None:
    """Only the alarm of a border lets a certification lapse: messages behind this one may still have been in time."""
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(last_moment("2030-06-03"))
    candidacy.clock = local("2032-01-01")
    candidacy.say("update_contact", name="Ana Maria Ruiz")
    assert candidacy.status == "grace"


# --- rule 5: reminders ---


def test_reminders_before_expiry_and_one_on_the_day_after() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2031-01-01"))
    assert reminders(candidacy) == [
        ("2029-03-05", "the recertification window is open"),
        ("2029-09-06", "180 days to the certificate's expiry"),
        ("2029-12-05", "90 days to the certificate's expiry"),
        ("2030-02-03", "30 days to the certificate's expiry"),
        ("2030-02-26", "7 days to the certificate's expiry"),
        ("2030-03-06", "the certificate has expired; it can still be renewed"),
    ]
    assert candidacy.all(e.ReminderDue)[0].at == local("2029-03-05", "09:00:00")


def test_after_an_outage_only_the_newest_reminder_goes_out() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2029-03-06"))
    candidacy.outage_until(local("2030-02-10"))
    assert [what for _, what in reminders(candidacy)[1:]] == ["30 days to the certificate's expiry"]


def test_reminders_that_are_past_when_the_window_opens_are_not_made_up_for() -> None:
    def sooner(data: dict[str, Any]) -> None:
        data["rules"]["certificate"]["reminder_days"] = [400, 340, 30]

    late = holder(certified_on="2027-03-05")
    late.outage_until(local("2030-02-10"))
    assert reminders(late) == []
    candidacy = holder(certified_on="2027-03-05")
    candidacy.current_programme = scheme(sooner).programme("CCMA")
    candidacy.advance_to(local("2030-03-01"))
    assert [day for day, _ in reminders(candidacy)] == ["2029-03-05", "2029-03-30", "2030-02-03"]
    planned = candidacy.last(e.RecertificationWindowOpened).reminders or ()
    assert [day.isoformat() for day in planned] == ["2029-03-05", "2029-03-30", "2030-02-03", "2030-03-06"]


@each("grace", [0, 90])
def test_the_day_after_the_expiry_has_its_reminder_as_long_as_the_certificate_can_be_renewed(grace: int) -> None:
    rules = with_rules(certificate={"grace_days": grace, "reminder_days_after": [1, 370]})
    candidacy = holder(certified_on="2027-03-05", of=rules)
    candidacy.advance_to(border("2031-03-19"))
    after = [
        day for day, what in reminders(candidacy) if what == "the certificate has expired; it can still be renewed"
    ]
    assert after == ["2030-03-06"]


def notices(candidacy: Candidacy) -> list[str]:
    return [effect.notice for effect in candidacy.effects if isinstance(effect, Notify)]


@each(
    ("back_on", "sent"),
    [
        ("2030-03-05", ["recertification-window-opened"]),
        ("2030-06-03", ["certificate-expired"]),
        ("2031-03-05", ["certification-lapsed"]),
        ("2031-03-06", []),
        ("2032-01-01", ["candidacy-closed"]),
    ],
)
def test_after_an_outage_no_notice_asks_for_something_by_a_day_that_is_over(back_on: str, sent: list[str]) -> None:
    candidacy = holder(certified_on="2027-03-05")
    before = len(notices(candidacy))
    candidacy.outage_until(local(back_on))
    assert notices(candidacy)[before:] == sent


def test_the_reminder_after_expiry_survives_an_outage() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local("2030-03-01"))
    candidacy.outage_until(local("2030-03-20"))
    assert reminders(candidacy)[-1][1] == "the certificate has expired; it can still be renewed"
    assert len(reminders(candidacy)) == 6


def test_no_reminder_while_the_evidence_is_under_review_nor_one_made_up_for() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.evidence("E-1", "2028-01-01", local("2029-09-01"))
    candidacy.advance_to(local("2029-12-20"))
    assert len(reminders(candidacy)) == 1
    candidacy.approve("E-1", verdict="returned")
    candidacy.advance_to(local("2030-01-20"))
    assert len(reminders(candidacy)) == 1
    candidacy.advance_to(local("2030-02-05"))
    assert reminders(candidacy)[-1][1] == "30 days to the certificate's expiry"


# --- rule 20: suspension, reinstatement, revocation ---


def test_a_suspension_masks_the_status_and_stops_no_clock() -> None:
    candidacy = holder(certified_on="2027-03-05")
    assert candidacy.say("suspend", local("2028-01-01"), **WHO) == ["Suspended"]
    assert candidacy.status == "suspended"
    assert not candidacy.state.in_force(candidacy.clock)
    candidacy.advance_to(local("2030-04-01"))
    assert candidacy.status == "suspended"
    assert candidacy.last(e.CertificateExpired).expired_on == day("2030-03-05")
    assert candidacy.say("reinstate", **WHO) == ["Reinstated"]
    assert candidacy.status == "grace"


@each(
    ("moment", "status"),
    [("2028-06-01", "certified"), ("2029-06-01", "recertifying"), ("2030-04-01", "grace"), ("2030-08-01", "lapsed")],
)
def test_reinstate_shows_what_the_clocks_say(moment: str, status: str) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("suspend", **WHO)
    candidacy.say("reinstate", local(moment), **WHO)
    assert candidacy.status == status
    assert candidacy.state.in_force(candidacy.clock) is (status in ("certified", "recertifying"))


def test_a_suspended_holder_can_recertify_and_stays_suspended() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("suspend", local("2029-06-01"), **WHO)
    candidacy.evidence("E-1", "2028-01-01")
    candidacy.approve("E-1")
    assert candidacy.status == "suspended"
    candidacy.say("reinstate", **WHO)
    assert candidacy.status == "certified"
    assert candidacy.last(e.Recertified).expires_on == day("2033-03-05")


def test_a_suspended_certificate_ends_at_its_borders_too() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("suspend", **WHO)
    candidacy.advance_to(border("2031-03-19"))
    assert candidacy.status == "expired"


def test_a_suspension_unresolved_for_180_days_asks_for_attention_once() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("suspend", local("2027-04-01"), **WHO)
    candidacy.advance_to(local("2027-09-28", "00:00:00") - timedelta(seconds=1))
    assert not candidacy.attention
    candidacy.advance_to(local("2027-09-28"))
    assert candidacy.attention == ["suspension-unresolved"]
    assert candidacy.status == "suspended"
    candidacy.say("acknowledge", attention="suspension-unresolved", by="B. Oss")
    candidacy.advance_to(local("2028-09-28"))
    assert not candidacy.attention
    assert len(candidacy.all(e.AttentionRaised)) == 1
    candidacy.say("reinstate", **WHO)
    candidacy.say("suspend", **WHO)
    candidacy.advance_to(candidacy.clock + days(181))
    assert candidacy.attention == ["suspension-unresolved"]


def test_reinstating_ends_the_attention() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("suspend", **WHO)
    candidacy.advance_to(local("2028-01-01"))
    candidacy.say("reinstate", **WHO)
    assert not candidacy.attention


def test_suspension_is_for_holders_only_and_not_twice() -> None:
    candidacy = Candidacy()
    assert candidacy.refused("suspend", **WHO) == "not-a-holder"
    assert candidacy.refused("reinstate", **WHO) == "not-suspended"
    candidate = holder()
    candidate.say("suspend", **WHO)
    assert candidate.refused("suspend", **WHO) == "already-suspended"


@each("moment", ["2028-01-01", "2029-06-01", "2030-04-01", "2030-08-01"])
@each("suspended", [False, True])
def test_revoking_is_final_and_possible_in_every_holder_status(moment: str, suspended: bool) -> None:
    candidacy = holder(certified_on="2027-03-05")
    if suspended:
        candidacy.say("suspend", **WHO)
    assert candidacy.say("revoke", local(moment), **WHO) == ["Revoked", "CandidacyClosed"]
    assert candidacy.status == "revoked"
    assert not candidacy.state.in_force(candidacy.clock)
    assert candidacy.refused("reinstate", **WHO) == "closed"


def test_a_candidate_cannot_be_revoked() -> None:
    assert Candidacy().refused("revoke", **WHO) == "not-a-holder"


def test_numbers_come_from_the_scheme() -> None:
    short = with_rules(
        certificate={
            "validity_months": 12,
            "window_months": 2,
            "grace_days": 10,
            "lapse_months": 3,
            "reminder_days": [14],
            "reminder_days_after": [],
        },
        suspension={"attention_days": 5},
    )
    candidacy = Candidacy("CCMA", at=START, of=short).certify()
    candidacy.advance_to(START + days(600))
    found = [type(event).__name__ for event in candidacy.events[-7:]]
    assert found == [
        "RecertificationWindowOpened",
        "ReminderDue",
        "ReminderDue",
        "CertificateExpired",
        "CertificationLapsed",
        "RenewalClosed",
        "CandidacyClosed",
    ]
    assert candidacy.events[-1].at == border("2028-03-07")
