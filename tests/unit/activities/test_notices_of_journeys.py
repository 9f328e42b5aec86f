"""What the mails of whole journeys say is true: on both paths, in each status, and however late a message comes."""

from collections.abc import Iterator

from activities.rendering import Renderer
from domain.effects import Notify
from tests.cases import each
from tests.unit.domain.builders import (
    CUSTOMERS,
    OPERATIONS,
    PEOPLE,
    Candidacy,
    days,
    holder,
    local,
    with_rules,
)
from tests.unit.views.hostile import STORIES


def mails(candidacy: Candidacy, kind: str = "") -> Iterator[str]:
    """The subject and the text of each mail of this kind, in one line; of all mails without a kind."""
    for effect in candidacy.effects:
        if isinstance(effect, Notify) and kind in ("", effect.notice):
            subject, text = Renderer().render(effect.notice, "Ana Ruiz", effect.facts)
            yield " ".join(f"{subject} {text}".split())


def last(candidacy: Candidacy, kind: str) -> str:
    return list(mails(candidacy, kind))[-1]


def test_nothing_that_the_registration_brings_is_called_missing() -> None:
    candidacy = Candidacy()
    for mail in (last(candidacy, "registered"), last(candidacy, "purchase-confirmed")):
        assert "the confirmed purchase" not in mail
        assert "the experience" not in mail
        assert "- the work product" in mail
        assert "not confirmed yet" not in mail


def test_a_mail_that_calls_the_experience_met_does_not_ask_for_it() -> None:
    candidacy = Candidacy(paid=False, since="2026-01-01")
    candidacy.advance_to(local("2027-01-05"))
    mail = last(candidacy, "experience-met")
    assert "- the confirmed purchase" in mail
    assert "- the experience" not in mail


def test_a_registration_without_a_purchase_asks_for_it() -> None:
    mail = last(Candidacy(paid=False, since=None), "registered")
    assert "Your purchase is not confirmed yet, and that is the next step: the testing window" in mail
    assert "- the confirmed purchase" in mail
    assert "- the experience" in mail


def test_the_mail_of_the_last_requirement_says_so() -> None:
    candidacy = Candidacy("CCMA").certify()
    passed = list(mails(candidacy, "assessment-passed"))
    assert ["That was the last requirement" in mail for mail in passed] == [False, False, False, True]
    assert "now a CIAC-Certified Management Associate" in last(candidacy, "certified")


def test_a_failure_that_arrives_after_the_window_offers_no_attempt() -> None:
    candidacy = Candidacy()
    taken_at = local("2028-11-22")
    candidacy.result(PEOPLE, 50, taken_at, at=local("2028-11-25"))
    mail = last(candidacy, "assessment-failed")
    assert "Your testing window closed at the end of 22 November 2028, so no further attempt can be taken." in mail
    assert "you may take" not in mail
    candidacy.result(OPERATIONS, None, taken_at, outcome="no_show")
    assert "so no further attempt can be taken" in last(candidacy, "no-show-recorded")


def test_a_failure_too_near_the_end_says_that_no_attempt_fits() -> None:
    candidacy = Candidacy()
    candidacy.result(PEOPLE, 50, local("2028-11-10"), at=local("2028-11-10"))
    assert "but the next one would come too late to count" in last(candidacy, "assessment-failed")
    assert "self-assessment of this domain" not in last(candidacy, "assessment-failed")


def test_a_result_held_for_the_purchase_says_what_it_waits_for() -> None:
    candidacy = Candidacy(paid=False)
    candidacy.result(CUSTOMERS, 80)
    mail = last(candidacy, "result-held")
    assert "has arrived, and your purchase is not confirmed yet. We keep the result." in mail
    assert "nothing you need to do" not in mail


def test_a_suspended_holder_is_never_called_certified() -> None:
    candidacy = holder()
    candidacy.advance_to(local("2029-03-01"))
    candidacy.say("suspend", reason="a complaint", by="Pat Lee")
    candidacy.advance_to(local("2030-03-01"))
    for kind in ("recertification-window-opened", "reminder-due"):
        assert "To renew it, please submit your evidence" in last(candidacy, kind)
        assert "stay certified" not in last(candidacy, kind)
    candidacy.evidence("E-1", "2029-06-01")
    candidacy.approve("E-1")
    still = "is still suspended, and you are not certified until the suspension is lifted"
    assert still in " ".join(last(candidacy, "recertified").split())
    candidacy.say("reinstate", reason="unfounded", by="Pat Lee")
    assert "date of expiry is unchanged: 5 March 2033" in last(candidacy, "reinstated")


def test_a_certificate_that_expired_while_it_was_suspended_is_not_called_valid() -> None:
    candidacy = holder()
    candidacy.say("suspend", reason="a complaint", by="Pat Lee")
    candidacy.say("reinstate", local("2030-04-01"), reason="unfounded", by="Pat Lee")
    mail = last(candidacy, "reinstated")
    assert "Your certificate expired at the end of 5 March 2030 all the same, so you are not certified" in mail


@each(("grace", "told"), [(90, "Until 3 June 2030 you can recertify as if in time"), (0, "the gap stays")])
def test_an_expiry_offers_only_the_grace_that_there_is(grace: int, told: str) -> None:
    candidacy = holder(of=with_rules(certificate={"grace_days": grace}))
    candidacy.advance_to(local("2030-03-06"))
    assert told in last(candidacy, "certificate-expired")
    assert ("as if in time" in last(candidacy, "certificate-expired")) is (grace > 0)
    candidacy.advance_to(local("2030-06-10"))
    assert "grace" not in last(candidacy, "certification-lapsed")


def test_a_submission_is_told_by_its_own_day_and_an_arrival_by_that_of_the_arrival() -> None:
    late = holder(certified_on="2027-03-05")
    late.evidence("E-1", "2030-01-10", local("2030-06-01"), submitted_at=local("2030-03-01"))
    mail = last(late, "recertification-submitted")
    assert "submitted on 1 March 2030." in mail
    assert "It reached us on 1 June 2030. That is too late for the day of your submission to count" in mail
    assert "the day on which it reached us counts" in " ".join(mail.split())
    assert "arrived on" not in mail
    soon = holder(certified_on="2027-03-05")
    soon.evidence("E-1", "2030-01-10", local("2030-03-08"), submitted_at=local("2030-03-01"))
    assert "submitted on 1 March 2030." in last(soon, "recertification-submitted")
    assert "reached us" not in last(soon, "recertification-submitted")
    product = Candidacy()
    product.submit(at=local("2027-01-10"), submitted_at=local("2027-01-03"))
    mail = last(product, "work-product-submitted")
    assert "submitted on 3 January 2027." in mail
    assert "arrived" not in mail


def advancing() -> Candidacy:
    """A candidacy on the advancement path to the end of its window."""
    candidacy = Candidacy("CCSL", advances_from="CCMC", since=None)
    candidacy.say("record_self_assessment", domain=PEOPLE, percentage=50)
    candidacy.say("extend_deadline", until="2028-12-22", reason="leave", approved_by="Pat Lee")
    candidacy.submit()
    candidacy.review("revise")
    candidacy.advance_to(candidacy.clock + days(900))
    assert candidacy.status == "timed_out"
    return candidacy


def test_a_journey_on_the_advancement_path_hears_nothing_of_testing() -> None:
    candidacy = advancing()
    told = list(mails(candidacy))
    kinds = {effect.notice for effect in candidacy.effects if isinstance(effect, Notify)}
    assert kinds >= {
        "registered",
        "self-assessment-recorded",
        "reminder-due",
        "testing-window-closed",
        "candidacy-closed",
    }
    for mail in told:
        assert not any(word in mail.lower() for word in ("testing", "attempt", "test center", "taken or submitted"))


def test_an_advancement_that_met_everything_is_not_told_that_a_requirement_is_unmet() -> None:
    candidacy = Candidacy("CCSL", advances_from="CCMC", since="2020-01-01").certify()
    candidacy.advance_to(local("2028-12-01"))
    mail = last(candidacy, "testing-window-closed")
    assert "You have met every requirement. Your CCMC certificate must be in force to give way to the new one" in mail
    assert "awaited until 6 December 2028. After that, your candidacy closes." in mail
    assert "unmet" not in mail
    candidacy.advance_to(local("2028-12-10"))
    assert candidacy.status == "timed_out"
    mail = last(candidacy, "candidacy-closed")
    assert "You met every requirement, but your CCMC certificate was not in force, so it could not give way" in mail
    assert "unmet" not in mail
    assert "requirements unmet" in last(advancing(), "candidacy-closed")


def test_where_the_work_product_had_to_be_passed_no_mail_says_that_a_verdict_still_counts() -> None:
    strict = with_rules(work_product={"inside_window": "passed"})
    candidacy = Candidacy(of=strict)
    candidacy.pass_all()
    candidacy.submit(at=local("2028-11-20"))
    assert "It will now be reviewed" in last(candidacy, "work-product-submitted")
    candidacy.advance_to(local("2028-11-24"))
    mail = last(candidacy, "testing-window-closed")
    assert "Your work product had to be passed by then, and no later verdict counts." in mail
    assert "taken until 6 December 2028. After that, your candidacy closes" in mail
    assert "still counts" not in mail
    late = Candidacy(of=strict)
    late.submit(at=local("2028-11-24"), submitted_at=local("2028-11-22"))
    mail = last(late, "work-product-submitted")
    assert "had to be passed by then. So it is not reviewed." in mail
    assert "will now be reviewed" not in mail


def test_after_an_outage_over_window_and_settlement_no_mail_awaits_anything_until_a_day_that_is_over() -> None:
    closed = Candidacy()
    closed.outage_until(local("2028-12-20"))
    assert closed.status == "timed_out"
    assert not list(mails(closed, "testing-window-closed"))
    assert "Your testing window has ended with requirements unmet" in last(closed, "candidacy-closed")
    # What keeps a candidacy open was told when it arrived, and its decision is told too.
    held = Candidacy()
    held.result(PEOPLE, 80, result_id="R-7", passed=False)
    held.outage_until(local("2028-12-20"))
    assert held.status == "settling"
    assert not list(mails(held, "testing-window-closed"))
    held.accept("R-7", "reject")
    assert last(held, "result-resolved")
    assert "Your testing window has ended with requirements unmet" in last(held, "candidacy-closed")
    # While the settlement still runs, its last day is told, however late.
    late = Candidacy()
    late.outage_until(local("2028-12-06"))
    assert "awaited until 6 December 2028" in last(late, "testing-window-closed")


def used_up(candidacy: Candidacy, domain: str, *on_days: str) -> None:
    for number, on in enumerate(on_days):
        candidacy.result(domain, 10, local(on), at=max(candidacy.clock, local(on)), result_id=f"{domain[:3]}-{number}")


@each(
    ("extended_on", "until", "closes_on"),
    [
        # The window's settlement overlaps no longer, so that the attempts' own end counts again, which is earlier (R4).
        ("2028-11-20", "2028-12-31", "28 November 2028"),
        ("2028-12-01", "2029-01-31", "14 February 2029"),
    ],
)
def test_an_extension_says_when_a_candidacy_with_used_up_attempts_closes(
    extended_on: str, until: str, closes_on: str
) -> None:
    candidacy = Candidacy("CCMA")
    used_up(candidacy, PEOPLE, "2028-09-15", "2028-10-15", "2028-11-14")
    assert "corrections are awaited until 6 December 2028" in last(candidacy, "settlement-started")
    candidacy.say("extend_deadline", local(extended_on), until=until, reason="storm", approved_by="B. Oss")
    mail = last(candidacy, "deadline-extended")
    assert f"All attempts at People Management are used. Corrections are awaited until {closes_on}." in mail
    day_after = candidacy.due("exhausted")
    assert day_after is not None
    assert (day_after - days(1)).strftime("%-d %B %Y") == closes_on


def test_an_extension_of_a_candidacy_with_attempts_left_says_nothing_of_used_up_ones() -> None:
    candidacy = Candidacy("CCMA")
    used_up(candidacy, PEOPLE, "2028-09-15", "2028-10-15")
    candidacy.say("extend_deadline", local("2028-11-20"), until="2028-12-31", reason="storm", approved_by="B. Oss")
    assert "Corrections are awaited" not in last(candidacy, "deadline-extended")


def test_a_correction_that_brings_the_end_of_other_used_up_attempts_nearer_says_so() -> None:
    candidacy = Candidacy("CCMA")
    used_up(candidacy, PEOPLE, "2026-12-01", "2026-12-31", "2027-01-30")
    used_up(candidacy, CUSTOMERS, "2026-12-05", "2027-01-04", "2027-02-03")
    assert "corrections are awaited until 17 February 2027" in last(candidacy, "settlement-started")
    candidacy.result(CUSTOMERS, None, local("2027-02-03"), outcome="voided", revision=2, result_id="cus-2")
    kind = next(effect.notice for effect in reversed(candidacy.effects) if isinstance(effect, Notify))
    mail = last(candidacy, kind)
    assert "All attempts at People Management are used. Corrections are awaited until 13 February 2027." in mail


@each("story", STORIES)
def test_every_mail_of_a_story_names_the_zone_of_its_days(story: object) -> None:
    assert callable(story)
    told = list(mails(story()))
    assert told
    assert all("Days: in the time zone America/Chicago" in mail for mail in told)
