"""Rules 22 and 23: CCMA to CCOM and CCMC to CCSL, seen from both certificates."""

import pytest

from domain import events as e
from domain import rulebook
from domain.commands import AnswerAdvancement, RingAlarm
from domain.effects import OpenAdvancement
from domain.inquiries import AskLower, LowerAnswer
from domain.requirements import assessments
from tests.unit.domain.builders import PEOPLE, START, Candidacy, border, day, days, holder, local, parse

PURCHASE = {"purchase": {"reference": "INV-90"}}
HIGHER_ID = "certification:CCOM:C-1001"
SUPERSEDE = {"by_workflow_id": HIGHER_ID, "by_number": "CCOM-1", "at": START}


def higher(**options: object) -> Candidacy:
    """An advancement to CCOM, on its way."""
    return Candidacy("CCOM", at=local("2027-06-01"), advances_from="CCMA", **options)  # type: ignore[arg-type]


# --- at the lower certificate ---


@pytest.mark.parametrize(("lower", "target"), [("CCMA", "CCOM"), ("CCMC", "CCSL")])
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


@pytest.mark.parametrize("designation", ["CCSL", "CCOM"])
def test_there_are_no_other_edges(designation: str) -> None:
    assert holder(designation).refused("request_advancement", **PURCHASE) == "no-advancement"


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


def test_without_a_request_it_does_not_give_way() -> None:
    assert holder().refused("supersede", **SUPERSEDE) == "not-requested"
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    stranger = SUPERSEDE | {"by_workflow_id": "certification:CCOM:C-2002"}
    assert candidacy.refused("supersede", **stranger) == "not-requested"


def test_a_second_request_that_is_refused_does_not_undo_the_first() -> None:
    candidacy = holder()
    candidacy.say("request_advancement", **PURCHASE)
    candidacy.send(AnswerAdvancement(workflow_id=HIGHER_ID))
    candidacy.say("request_advancement", purchase={"reference": "INV-91"})
    candidacy.send(AnswerAdvancement(workflow_id=HIGHER_ID, refusal="it is open already"))
    assert candidacy.say("supersede", **SUPERSEDE) == ["Superseded", "CandidacyClosed"]


@pytest.mark.parametrize("moment", ["2030-03-06", "2030-08-01"])
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


def test_the_last_answer_is_asked_for_at_the_end_of_the_window() -> None:
    candidacy = higher()
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(local("2029-06-10"))
    candidacy.lower = LowerAnswer(superseded_at=border("2029-06-15"))
    candidacy._asleep = {alarm for alarm in candidacy.alarms if alarm.kind == "lower"}
    candidacy.advance_to(border("2029-06-15"))
    assert candidacy.status == "certified"


def test_a_work_product_passed_after_the_settlement_leaves_one_last_question() -> None:
    for answer, status in ((LowerAnswer(superseded_at=local("2029-08-01")), "certified"), (None, "timed_out")):
        candidacy = higher()
        candidacy.submit(at=local("2029-05-31"))
        candidacy.review(at=local("2029-08-01"))
        if answer:
            candidacy.lower = answer
        candidacy.advance_to(local("2029-08-02"))
        assert candidacy.status == status


def test_experience_is_awaited_on_the_advancement_path_too() -> None:
    candidacy = higher(since="2026-12-01")
    candidacy.submit()
    candidacy.review()
    assert candidacy.status == "awaiting_experience"
    candidacy.lower = LowerAnswer(superseded_at=border("2027-11-30"))
    candidacy.advance_to(local("2027-12-02"))
    assert candidacy.status == "certified"


def test_a_failed_advancement_closes_without_a_word_to_the_lower() -> None:
    candidacy = higher()
    for submission in ("WP-1", "WP-2"):
        candidacy.submit(submission)
        candidacy.review("failed", submission)
    assert candidacy.status == "refused"
    assert not [effect for effect in candidacy.effects if isinstance(effect, OpenAdvancement)]


def test_an_outage_leaves_the_question_to_be_asked() -> None:
    candidacy = higher()
    candidacy.lower = LowerAnswer(superseded_at=local("2028-01-05"))
    submission = {"submission_id": "WP-1", "uri": "https://example.org/wp", "sha256": "a" * 64}
    verdict = {"submission_id": "WP-1", "reviewer": "R. Viewer", "verdict": "passed"}
    messages = parse("submit_work_product", **submission), parse("review_work_product", **verdict)
    candidacy.outage_until(local("2028-01-05"), *messages)
    assert candidacy.last(e.Certified).certified_on == day("2028-01-05")
