"""Rules 22 and 23: CCMA to CCOM and CCMC to CCSL, seen from both certificates."""

from datetime import datetime, timedelta

import pytest

from domain import events as e
from domain import rulebook
from domain.commands import AnswerAdvancement, RingAlarm
from domain.decision import Refused
from domain.effects import OpenAdvancement, TellCandidacy
from domain.inquiries import AskLower, LowerAnswer
from domain.matters.certificate import certificate_number
from domain.requirements import assessments
from domain.vocabulary import AlarmKind
from tests.cases import each
from tests.unit.domain.builders import (
    PEOPLE,
    START,
    Candidacy,
    border,
    day,
    days,
    holder,
    last_moment,
    local,
    parse,
    utc,
)

PURCHASE = {"purchase": {"reference": "INV-90"}}
HIGHER_ID = "certification:CCOM:C-1001"
SUPERSEDE = {"by_workflow_id": HIGHER_ID, "by_number": "CCOM-1", "at": START}


def higher(**options: object) -> Candidacy:
    """An advancement to CCOM, on its way."""
    return Candidacy("CCOM", at=local("2027-06-01"), advances_from="CCMA", **options)  # type: ignore[arg-type]


# --- at the lower certificate ---


@each(("lower", "target"), [("CCMA", "CCOM"), ("CCMC", "CCSL")])
def test_a_holder_in_force_may_advance(lower: str, target: str) -> None:
    candidacy = holder(lower)
    experience = {"role": "Manager", "started_on": "2025-01-01"}
    assert candidacy.say("request_advancement", **PURCHASE, experience=experience) == ["AdvancementRequested"]
    effect = next(effect for effect in candidacy.effects if isinstance(effect, OpenAdvancement))
    assert (effect.target, effect.workflow_id) == (target, f"certification:{target}:C-1001")
    assert effect.reference == "INV-90"
    assert effect.purchased_at == candidacy.clock
    assert effect.experience is not None
    assert effect.experience["started_on"] == "2025-01-01"
    assert candidacy.status == "certified"


@each("designation", ["CCSL", "CCOM"])
def test_there_are_no_other_edges(designation: str) -> None:
    assert holder(designation).refused("request_advancement", **PURCHASE) == "no-advancement"


def test_where_the_expiry_is_handled_late_the_higher_certificate_is_told_of_it() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("request_advancement", **PURCHASE)
    candidacy.advance_to(last_moment("2030-03-05"))
    candidacy.clock = border("2030-03-05")
    with pytest.raises(Refused, match="not in force: it expired on 2030-03-05"):
        candidacy.say("supersede", **SUPERSEDE)
    candidacy.outage_until(candidacy.clock)
    with pytest.raises(Refused, match="not in force: grace"):
        candidacy.say("supersede", **SUPERSEDE)


def test_only_a_certificate_in_force_can_advance() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("suspend", reason="a complaint", by="B. Oss")
    assert candidacy.refused("request_advancement", **PURCHASE) == "not-in-force"
    candidacy.say("reinstate", reason="resolved", by="B. Oss")
    assert candidacy.refused("request_advancement", border("2030-03-05"), **PURCHASE) == "not-in-force"
    assert Candidacy("CCMA").refused("request_advancement", **PURCHASE) == "not-in-force"


def test_it_can_advance_while_recertifying() -> None:
    candidacy = holder(certified_on="2027-03-05")
    assert candidacy.say("request_advancement", local("2029-06-01"), **PURCHASE) == ["AdvancementRequested"]


def test_the_same_request_again_changes_nothing() -> None:
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    assert candidacy.say("request_advancement", **PURCHASE) == []


def test_a_purchase_whose_window_has_ended_is_refused() -> None:
    old = {"purchase": {"reference": "INV-1", "purchased_at": local("2024-01-01")}}
    assert holder().refused("request_advancement", **old) == "window-ended"


def test_an_advancement_that_cannot_be_opened_is_on_the_timeline_and_asks_for_attention() -> None:
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    refusal = AnswerAdvancement(workflow_id=HIGHER_ID, refusal="it was opened before")
    assert candidacy.send(refusal) == ["AdvancementRefused", "AttentionRaised"]
    assert candidacy.attention == ["advancement-refused"]
    assert candidacy.send(refusal) == []
    assert candidacy.say("request_advancement", **PURCHASE) == ["AdvancementRequested"]
    assert not candidacy.attention
    assert candidacy.send(AnswerAdvancement(workflow_id=HIGHER_ID)) == []


def test_in_force_it_gives_way_at_that_instant_and_says_so_again() -> None:
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    assert candidacy.say("supersede", local("2027-09-01"), **SUPERSEDE) == ["Superseded", "CandidacyClosed"]
    assert candidacy.status == "superseded"
    assert candidacy.state.superseded_at == local("2027-09-01")
    before = candidacy.state
    assert candidacy.say("supersede", **SUPERSEDE) == []
    assert candidacy.state == before
    assert candidacy.refused("supersede", **(SUPERSEDE | {"by_number": "CCOM-2"})) == "closed"


def test_it_tells_the_higher_candidacy_that_it_gave_way_once() -> None:
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    for _ in range(2):
        candidacy.say("supersede", **SUPERSEDE)
    (told,) = [effect for effect in candidacy.effects if isinstance(effect, TellCandidacy)]
    assert (told.workflow_id, told.message) == (HIGHER_ID, "confirm_superseded")
    assert told.fields["by_number"] == "CCOM-1"
    assert utc(told.fields["superseded_at"]) == candidacy.state.superseded_at


def test_without_a_request_it_does_not_give_way() -> None:
    assert holder().refused("supersede", **SUPERSEDE) == "not-requested"
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    stranger = SUPERSEDE | {"by_workflow_id": "certification:CCOM:C-2002"}
    assert candidacy.refused("supersede", **stranger) == "not-requested"


# --- a second request (rulings R7, R13) ---


def advancing() -> Candidacy:
    """A holder whose advancement to CCOM is open."""
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("request_advancement", purchase={"reference": "INV-90", "purchased_at": local("2027-03-04")})
    candidacy.send(AnswerAdvancement(workflow_id=HIGHER_ID))
    return candidacy


ENDED = {"by_workflow_id": HIGHER_ID, "ended_as": "timed_out"}


@each(("reference", "bought"), [("INV-91", "2027-03-04"), ("INV-90", "2027-03-05"), ("INV-91", None)])
def test_a_request_with_another_purchase_is_refused_while_the_first_is_open(reference: str, bought: str | None) -> None:
    candidacy = advancing()
    purchase = {"reference": reference} | ({"purchased_at": local(bought)} if bought else {})
    assert candidacy.refused("request_advancement", purchase=purchase) == "advancement-under-way"
    assert candidacy.say("supersede", **SUPERSEDE) == ["Superseded", "CandidacyClosed"]


def test_the_same_purchase_is_known_by_its_reference_and_its_day() -> None:
    candidacy = advancing()
    for purchase in (
        {"reference": "INV-90"},
        {"reference": "INV-90", "purchased_at": local("2027-03-04", "08:00:00")},
        {"reference": "  INV-90 ", "purchased_at": local("2027-03-04")},
    ):
        assert candidacy.say("request_advancement", purchase=purchase) == []
    candidacy.say("suspend", reason="a complaint", by="B. Oss")
    assert candidacy.say("request_advancement", purchase={"reference": "INV-90"}) == []


def test_another_request_is_taken_once_the_higher_candidacy_has_told_its_end() -> None:
    candidacy = advancing()
    assert candidacy.say("end_advancement", **ENDED) == ["AdvancementEnded"]
    assert candidacy.say("end_advancement", **ENDED) == []
    assert candidacy.say("request_advancement", purchase={"reference": "INV-90"}) == [], "it comes again, and is known"
    assert candidacy.say("request_advancement", purchase={"reference": "INV-91"}) == ["AdvancementRequested"]
    assert candidacy.refused("request_advancement", purchase={"reference": "INV-92"}) == "advancement-under-way"
    assert not candidacy.attention


def test_only_the_candidacy_that_was_asked_for_can_end_the_advancement() -> None:
    stranger = ENDED | {"by_workflow_id": "certification:CCSL:C-1001"}
    assert advancing().refused("end_advancement", **stranger) == "not-requested"


def test_where_nothing_is_told_the_end_of_the_window_and_its_settlement_counts() -> None:
    candidacy = advancing()
    other = {"purchase": {"reference": "INV-91"}}
    assert candidacy.refused("request_advancement", last_moment("2029-03-18"), **other) == "advancement-under-way"
    assert candidacy.say("request_advancement", border("2029-03-18"), **other) == ["AdvancementRequested"]


def test_a_refused_advancement_may_be_asked_for_again_with_the_same_purchase() -> None:
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    candidacy.send(AnswerAdvancement(workflow_id=HIGHER_ID, refusal="it was opened before"))
    assert candidacy.say("request_advancement", **PURCHASE) == ["AdvancementRequested"]


@each("moment", ["2030-03-06", "2030-08-01"])
def test_not_in_force_it_does_not_give_way(moment: str) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("request_advancement", local("2029-01-01"), **PURCHASE)
    assert candidacy.refused("supersede", local(moment), **SUPERSEDE) == "not-in-force"


def test_on_the_very_border_it_is_not_in_force_even_before_its_alarm_is_rung() -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.say("request_advancement", local("2029-01-01"), **PURCHASE)
    candidacy.clock = border("2030-03-05")
    assert candidacy.refused("supersede", **SUPERSEDE) == "not-in-force"


# --- at the higher candidacy ---


def test_it_asks_for_experience_and_work_product_and_no_assessments() -> None:
    candidacy = higher(since="2020-01-01")
    assert (candidacy.state.path, candidacy.status) == ("advancement", "testing")
    assert assessments(candidacy.state) == {}
    window = candidacy.state.window
    assert window is not None
    assert window.deadline == day("2029-06-01")
    assessed = {"result_id": "R", "domain": PEOPLE, "percentage": 90, "taken_at": candidacy.clock}
    assert candidacy.refused("record_assessment_result", **assessed) == "no-assessments"


def test_when_all_is_met_the_lower_gives_way_and_both_share_the_instant() -> None:
    candidacy = higher()
    instant = local("2027-07-01")
    candidacy.submit(at=instant)
    candidacy.lower = LowerAnswer(superseded_at=instant)
    assert candidacy.review() == ["WorkProductPassed"]
    assert "Certified" not in candidacy.types
    alarm = candidacy.alarms[0]
    assert alarm.kind == "lower"
    inquiry = rulebook.inquiry(candidacy.state, RingAlarm(kind=alarm.kind, due=alarm.at))
    assert isinstance(inquiry, AskLower)
    assert inquiry.workflow_id == candidacy.state.advances_from
    candidacy.advance_to(instant + days(2))
    certified = candidacy.last(e.Certified)
    assert (certified.effective_at, certified.certified_on) == (instant, day("2027-07-01"))
    assert certified.expires_on == day("2030-07-01")
    assert candidacy.status == "certified"
    assert candidacy.due("lower") is None


def test_where_the_lower_does_not_give_way_it_waits_with_attention_and_then_times_out() -> None:
    candidacy = higher()
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(candidacy.clock + days(3))
    assert candidacy.attention == ["lower-not-in-force"]
    candidacy.say("acknowledge", attention="lower-not-in-force", by="B. Oss")
    candidacy.advance_to(local("2029-06-10"))
    assert candidacy.status == "settling"
    assert not candidacy.attention
    candidacy.advance_to(border("2029-06-15"))
    assert candidacy.status == "timed_out"
    assert len(candidacy.all(e.AttentionRaised)) == 1


def test_where_the_lower_gives_way_after_all_it_is_certified() -> None:
    candidacy = higher()
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(candidacy.clock + days(30))
    instant = candidacy.clock + days(1)
    candidacy.lower = LowerAnswer(superseded_at=instant)
    candidacy.advance_to(candidacy.clock + days(2))
    assert candidacy.last(e.Certified).effective_at == instant
    assert candidacy.last(e.Certified).effective_on is None, "never the day on which the waiting began"
    assert candidacy.status == "certified"
    assert not candidacy.attention


def test_the_lower_is_asked_a_last_time_just_before_the_settlement_ends() -> None:
    candidacy = higher()
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(border("2029-06-15") - days(1))
    asked_each_day, last = (alarm for alarm in candidacy.alarms if alarm.kind == "lower")
    assert (asked_each_day.at, last.at) == (candidacy.state.ready_at, border("2029-06-15") - timedelta(minutes=1))
    candidacy.lower = LowerAnswer(superseded_at=last.at)
    candidacy.clock, candidacy._asleep = last.at, {asked_each_day}
    assert candidacy._ring_due()
    assert candidacy.status == "certified"


def test_an_end_that_is_told_after_a_second_request_ends_the_first_one() -> None:
    candidacy = advancing()
    first = candidacy.state.advancements[-1]
    assert first.settles_at is not None
    again = {"reference": "INV-2", "purchased_at": first.settles_at}
    assert candidacy.say("request_advancement", first.settles_at, purchase=again) == ["AdvancementRequested"]
    assert candidacy.say("end_advancement", **ENDED) == ["AdvancementEnded"]
    assert [known.outcome for known in candidacy.state.advancements] == ["ended", ""]
    assert candidacy.state.advancing_with == "INV-2"
    third = {"reference": "INV-3", "purchased_at": first.settles_at}
    assert candidacy.refused("request_advancement", purchase=third) == "advancement-under-way"
    refusal = AnswerAdvancement(workflow_id=ENDED["by_workflow_id"], refusal="it could not be opened")
    assert candidacy.send(refusal) == ["AdvancementRefused", "AttentionRaised"]
    assert candidacy.say("request_advancement", purchase=again) == ["AdvancementRequested"]
    assert candidacy.say("end_advancement", **ENDED) == ["AdvancementEnded"]
    assert candidacy.state.advancing_with is None


@each("back_at", [border("2029-06-15"), local("2029-07-01")])
def test_when_the_settlement_has_ended_the_lower_is_not_asked_any_more(back_at: datetime) -> None:
    candidacy = higher()
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(local("2029-05-01"))
    candidacy.lower = LowerAnswer(superseded_at=back_at)
    candidacy.outage_until(back_at)
    assert candidacy.status == "timed_out"


@each("reviewed", ["2029-06-16", "2029-08-01"])
@each("outage", [False, True])
def test_one_that_becomes_ready_only_after_the_settlement_asks_once(reviewed: str, outage: bool) -> None:
    for answer, status in ((LowerAnswer(superseded_at=local(reviewed)), "certified"), (None, "timed_out")):
        candidacy = higher()
        candidacy.submit(at=local("2029-05-31"))
        verdict = parse("review_work_product", submission_id="WP-1", reviewer="R. Viewer", verdict="passed")
        candidacy.lower = answer or candidacy.lower
        if outage:
            candidacy.outage_until(local(reviewed), verdict)
        else:
            candidacy.send(verdict, local(reviewed))
            candidacy.advance_to(candidacy.clock)
        assert candidacy.status == status


def test_experience_is_awaited_on_the_advancement_path_too() -> None:
    candidacy = higher(since="2026-12-01")
    candidacy.submit()
    candidacy.review()
    assert candidacy.status == "awaiting_experience"
    candidacy.lower = LowerAnswer(superseded_at=border("2027-11-30"))
    candidacy.advance_to(local("2027-12-02"))
    assert candidacy.status == "certified"


def test_an_advancement_that_ends_without_a_certificate_tells_the_lower_one() -> None:
    candidacy = higher()
    for submission in ("WP-1", "WP-2"):
        candidacy.submit(submission)
        candidacy.review("failed", submission)
    assert candidacy.status == "refused"
    (told,) = [effect for effect in candidacy.effects if isinstance(effect, TellCandidacy)]
    assert (told.workflow_id, told.message) == ("certification:CCMA:C-1001", "end_advancement")
    lower = advancing()
    assert lower.say(told.message, **told.fields) == ["AdvancementEnded"]
    assert lower.last(e.AdvancementEnded).status == "refused"


def test_a_certificate_that_ends_later_and_a_candidacy_on_the_standard_path_tell_nobody() -> None:
    granted = higher()
    granted.lower = LowerAnswer(superseded_at=granted.clock)
    granted.certify()
    granted.advance_to(granted.clock)
    assert granted.status == "certified"
    for candidacy in (granted, Candidacy("CCOM")):
        candidacy.say("withdraw")
        assert not [effect for effect in candidacy.effects if isinstance(effect, TellCandidacy)]


# --- the lower candidacy's own word ---


def confirmation(candidacy: Candidacy, at: datetime, **fields: object) -> dict[str, object]:
    given = {"workflow_id": candidacy.state.advances_from, "by_number": certificate_number(candidacy.state)}
    return {**given, "superseded_at": at, **fields}


def test_a_lost_answer_is_replaced_by_the_word_of_the_lower_candidacy() -> None:
    candidacy = higher()
    candidacy.certify()
    instant = candidacy.clock
    candidacy.clock += days(3)  # the question is still being asked
    told = confirmation(candidacy, instant)
    assert candidacy.say("confirm_superseded", **told) == ["LowerGaveWay", "Certified"]
    assert candidacy.last(e.Certified).effective_at == instant
    assert candidacy.say("confirm_superseded", **told) == []
    late = RingAlarm(kind=AlarmKind.LOWER, due=instant)
    for answer in (LowerAnswer(superseded_at=instant), LowerAnswer(superseded_at=None, reason="it is not found")):
        assert not rulebook.decide(candidacy.state, late, candidacy.clock, answer=answer)


def test_the_word_of_the_lower_candidacy_after_the_answer_changes_nothing() -> None:
    candidacy = higher()
    candidacy.lower = LowerAnswer(superseded_at=candidacy.clock)
    candidacy.certify()
    candidacy.advance_to(candidacy.clock)
    assert candidacy.types[-2:] == ["LowerGaveWay", "Certified"]
    assert candidacy.say("confirm_superseded", **confirmation(candidacy, candidacy.clock)) == []


def test_a_lower_certificate_that_gave_way_too_early_is_not_forgotten() -> None:
    candidacy = higher()
    instant = candidacy.clock
    assert candidacy.say("confirm_superseded", **confirmation(candidacy, instant)) == ["LowerGaveWay"]
    candidacy.submit(at=instant + days(2))
    assert candidacy.review() == ["WorkProductPassed", "Certified"]
    assert candidacy.last(e.Certified).effective_at == instant


@each("wrong", [{"workflow_id": "certification:CCMC:C-1001"}, {"by_number": "CCOM-AAAA-BBBB-CCCC"}])
def test_the_word_of_another_candidacy_or_about_another_certificate_is_refused(wrong: dict[str, object]) -> None:
    candidacy = higher()
    told = confirmation(candidacy, candidacy.clock, **wrong)
    assert candidacy.refused("confirm_superseded", **told) == "not-requested"
    standard = Candidacy("CCOM", at=candidacy.clock)
    assert standard.refused("confirm_superseded", **told) == "not-requested"


def test_an_outage_leaves_the_question_to_be_asked() -> None:
    candidacy = higher()
    candidacy.lower = LowerAnswer(superseded_at=local("2028-01-05"))
    submission = {"submission_id": "WP-1", "uri": "https://example.org/wp", "sha256": "a" * 64}
    verdict = {"submission_id": "WP-1", "reviewer": "R. Viewer", "verdict": "passed"}
    messages = parse("submit_work_product", **submission), parse("review_work_product", **verdict)
    candidacy.outage_until(local("2028-01-05"), *messages)
    assert candidacy.last(e.Certified).certified_on == day("2028-01-05")
