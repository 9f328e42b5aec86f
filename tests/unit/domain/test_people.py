"""Rules 21 and 25 to 29: leaving, refused messages, attention, contact details, closed candidacies."""

import json
from typing import Any

import pytest

from domain import events as e
from domain.commands import Cancel, RefuseMessage, ReportSuperseded, ReportUndeliverable, Supersede
from domain.decision import Refused
from domain.effects import Notify
from domain.messages import legible_message_id
from domain.rulebook import decide
from domain.vocabulary import Attention, AttentionKind, RefusalCode
from tests.cases import each
from tests.unit.domain.builders import PEOPLE, START, Candidacy, days, holder, local
from views.attention import attention_view
from views.timeline import summary_of

WHO = {"reason": "a complaint", "by": "B. Oss"}
REFUSAL = RefuseMessage(
    message="suspend", code=RefusalCode.INVALID_MESSAGE, reason="no", from_signal=True, sha256="a" * 64, excerpt="{"
)

EVERY_MESSAGE: dict[str, dict[str, Any]] = {
    "confirm_purchase": {"reference": "INV-1"},
    "record_self_assessment": {"domain": PEOPLE, "percentage": 50},
    "record_assessment_result": {"result_id": "R", "domain": PEOPLE, "percentage": 90, "taken_at": START},
    "resolve_held_result": {"result_id": "R", "decision": "accept", **WHO},
    "record_experience": {"role": "Director", "started_on": "2020-01-01"},
    "submit_work_product": {"submission_id": "W", "uri": "https://example.org", "sha256": "a" * 64},
    "review_work_product": {"submission_id": "W", "reviewer": "R", "verdict": "passed"},
    "submit_recertification": {
        "submission_id": "E",
        "activities": [{"title": "A course", "completed_on": "2026-01-01"}],
    },
    "review_recertification": {"submission_id": "E", "reviewer": "R", "verdict": "approved"},
    "request_advancement": {"purchase": {"reference": "INV-2"}},
    "extend_deadline": {"until": "2029-01-01", "reason": "illness", "approved_by": "B. Oss"},
    "suspend": WHO,
    "reinstate": WHO,
    "revoke": WHO,
    "withdraw": {},
    "update_contact": {"name": "Ana"},
    "acknowledge": {"attention": "refused-message", "by": "B. Oss"},
    "supersede": {"by_workflow_id": "certification:CCOM:C-1001", "by_number": "N", "at": START},
}


# --- rule 21: withdrawing and cancelling ---


def test_a_candidate_withdraws_and_so_may_a_holder() -> None:
    for candidacy in (Candidacy(paid=False), Candidacy(), holder()):
        assert candidacy.say("withdraw", reason="a new job") == ["Withdrawn", "CandidacyClosed"]
        assert candidacy.status == "withdrawn"
        assert "a new job" in summary_of(candidacy.last(e.Withdrawn))
    assert Candidacy().say("withdraw") == ["Withdrawn", "CandidacyClosed"]


@each(("by", "told"), [(None, "at the person's own request"), ("Kim Stone", "by Kim Stone")])
def test_the_timeline_says_whether_the_person_or_the_office_has_withdrawn(by: str | None, told: str) -> None:
    candidacy = Candidacy()
    candidacy.say("withdraw", reason="registered twice", **({"by": by} if by else {}))
    assert summary_of(candidacy.last(e.Withdrawn)) == f"Withdrawn {told}: registered twice"
    assert candidacy.last(e.CandidacyClosed).by == by


def test_a_cancelled_workflow_withdraws_a_candidacy() -> None:
    candidacy = Candidacy()
    assert candidacy.send(Cancel()) == ["Withdrawn", "CandidacyClosed"]
    assert candidacy.status == "withdrawn"
    assert "own request" not in summary_of(candidacy.last(e.Withdrawn))


@each("moment", ["2028-01-01", "2030-04-01", "2030-09-01"])
def test_a_holders_workflow_refuses_to_be_cancelled_and_goes_on(moment: str) -> None:
    candidacy = holder(certified_on="2027-03-05")
    candidacy.advance_to(local(moment))
    before = candidacy.status
    assert candidacy.send(Cancel()) == ["MessageRefused", "AttentionRaised"]
    assert candidacy.status == before
    assert candidacy.attention == ["cancel-refused"]
    assert candidacy.alarms


# --- rule 25: names and addresses ---


def test_no_name_and_no_address_of_the_candidate_stands_in_any_event_or_in_the_state() -> None:
    candidacy = Candidacy(paid=False)
    candidacy.say("update_contact", name="Ana Maria Ruiz", email="maria@example.net", publish=True)
    candidacy.signal("update_contact", name="Ana Maria Ruiz", email="not an address ana@example.org")
    candidacy.signal("suspend", reason="write to ana@example.org", by="Ana Ruiz's boss, boss@example.org")
    candidacy.say("confirm_purchase", reference="INV-1")
    candidacy.certify()
    told = "".join(event.model_dump_json() + summary_of(event) for event in candidacy.events)
    for kept in (told, candidacy.state.model_dump_json()):
        for personal in ("Maria", "maria@example.net", "ana@example.org", "boss@example.org"):
            assert personal not in kept


def test_a_registration_whose_purchase_is_refused_keeps_no_address() -> None:
    candidacy = Candidacy(paid=False)
    with pytest.raises(Refused):
        candidacy.say("confirm_purchase", reference="ana@example.org", purchased_at=local("2020-01-01"))
    candidacy.signal("confirm_purchase", reference="ana@example.org", purchased_at=local("2020-01-01"))
    assert "ana@example.org" not in candidacy.last(e.MessageRefused).excerpt


def test_contact_changes_name_the_fields_only() -> None:
    candidacy = Candidacy()
    assert candidacy.say("update_contact", email="new@example.org", name="Ana Ruiz") == ["ContactUpdated"]
    assert candidacy.last(e.ContactUpdated).changed == ("email",)
    assert candidacy.say("update_contact", email="new@example.org") == []
    assert candidacy.say("update_contact", publish=True) == ["ContactUpdated"]


# --- rule 26: who decided ---


@each("name", ["suspend", "reinstate", "revoke"])
def test_who_decided_is_on_the_timeline(name: str) -> None:
    candidacy = holder()
    if name == "reinstate":
        candidacy.say("suspend", **WHO)
    candidacy.say(name, **WHO)
    decided = next(event for event in reversed(candidacy.events) if getattr(event, "by", None))
    assert getattr(decided, "by", None) == "B. Oss"
    assert "B. Oss" in summary_of(decided)
    assert "a complaint" in summary_of(decided)


# --- rule 27: refused messages and attention ---


def test_a_refused_signal_is_on_the_timeline_and_asks_for_attention() -> None:
    candidacy = Candidacy()
    assert candidacy.signal("suspend", **WHO) == ["MessageRefused"]
    refused = candidacy.last(e.MessageRefused)
    assert (refused.message, refused.code, refused.from_signal) == ("suspend", "not-a-holder", True)
    assert refused.sha256
    assert "a complaint" in refused.excerpt
    assert candidacy.attention == ["refused-message"]
    candidacy.say("acknowledge", attention="refused-message", by="B. Oss", note="seen")
    assert not candidacy.attention
    assert candidacy.last(e.AttentionAcknowledged).note == "seen"


def test_a_refused_message_keeps_neither_name_nor_address_of_the_candidate() -> None:
    candidacy = Candidacy()
    candidacy.contact = candidacy.contact.model_copy(update={"name": "Chloé Ruiz"})
    candidacy.signal("suspend", reason="Chloé Ruiz asked, from ana@example.org", by="Chloé ruiz")
    excerpt = candidacy.last(e.MessageRefused).excerpt
    assert "(name) asked, from (e-mail address)" in excerpt
    assert "ruiz" not in excerpt.casefold()


def test_the_name_of_a_refused_message_stays_whole_where_the_name_of_the_candidate_is_a_part_of_it() -> None:
    candidacy = Candidacy()
    candidacy.contact = candidacy.contact.model_copy(update={"name": "Su"})
    candidacy.signal("suspend", reason="Su asked", by="B. Oss")
    refused = candidacy.last(e.MessageRefused)
    assert refused.message == "suspend"
    assert "(name) asked" in refused.excerpt


def test_a_refused_update_is_on_the_timeline_and_asks_for_nothing() -> None:
    candidacy = Candidacy()
    candidacy.send(REFUSAL.model_copy(update={"from_signal": False}))
    assert candidacy.types[-1] == "MessageRefused"
    assert not candidacy.attention


def test_a_refused_message_that_comes_again_leaves_no_second_event() -> None:
    candidacy = Candidacy()
    again = {**WHO, "message_id": "line-7"}
    assert candidacy.signal("suspend", **again) == ["MessageRefused"]
    candidacy.say("acknowledge", attention="refused-message", by="B. Oss")
    assert candidacy.signal("suspend", **again) == []
    assert candidacy.attention == []
    assert candidacy.signal("suspend", **again | {"reason": "another"}) == [], "the same id and the same reason"
    # Recorded each time: sent by hand without an id, of another name, or refused for another reason.
    assert candidacy.signal("suspend", **WHO) == ["MessageRefused"]
    assert candidacy.signal("suspend", **WHO) == ["MessageRefused"]
    assert candidacy.signal("revoke", **again) == ["MessageRefused"], "the same payload, but another message"
    candidacy.say("withdraw")
    assert candidacy.signal("suspend", **again) == ["MessageRefused"]
    assert candidacy.last(e.MessageRefused).code == "closed"


def test_a_message_that_cannot_be_understood_stands_once_for_each_reason_where_its_id_is_legible() -> None:
    """R19: a nightly feed with a bad row must not fill the timeline."""
    candidacy = Candidacy()
    bad = {"reason": 7, "by": "B. Oss", "message_id": "row-9"}
    assert candidacy.signal("suspend", **bad) == ["MessageRefused"]
    assert candidacy.signal("suspend", **bad) == []
    assert candidacy.signal("suspend", **bad | {"by": 8}) == ["MessageRefused"], "another field is wrong too"
    assert candidacy.signal("suspend", **bad | {"message_id": "row-10"}) == ["MessageRefused"]
    assert candidacy.signal("suspend", **bad | {"message_id": "row 11"}) == ["MessageRefused"]
    assert candidacy.signal("suspend", **bad | {"message_id": "row 11"}) == ["MessageRefused"], "no id of the contract"
    assert candidacy.last(e.MessageRefused).message_id is None


@each(
    ("data", "found"),
    [
        (b'{"message_id": "row-9", "reason": [{"a": 1e999999999}]}', "row-9"),
        (b'{"reason": 1, "reason": 2, "message_id": "row-9"}', "row-9"),
        (b'{"message_id": "row-9"', None),
        (b'{"message_id": 9}', None),
        (b'["row-9"]', None),
        (b"[" * 100_000, None),
        (b"\xff", None),
    ],
)
def test_a_message_id_is_read_wherever_the_payload_is_json(data: bytes, found: str | None) -> None:
    assert legible_message_id(data) == found


def test_a_message_id_with_an_address_or_a_name_in_it_is_kept_as_a_hash() -> None:
    candidacy = Candidacy()
    candidacy.contact = candidacy.contact.model_copy(update={"name": "Ruiz"})
    for key in ("ana@example.org", "ruiz-7"):
        assert candidacy.signal("suspend", **WHO, message_id=key) == ["MessageRefused"]
        assert candidacy.signal("suspend", **WHO, message_id=key) == []
        assert str(candidacy.last(e.MessageRefused).message_id).startswith("sha256:")


def test_what_an_update_brought_in_vain_is_told_again_when_a_signal_brings_it() -> None:
    candidacy = Candidacy()
    refused = REFUSAL.model_copy(update={"message_id": "line-7", "from_signal": False})
    assert candidacy.send(refused) == ["MessageRefused"]
    assert candidacy.send(refused) == []
    assert candidacy.send(refused.model_copy(update={"from_signal": True})) == ["MessageRefused"]
    assert candidacy.send(refused) == []


# --- what the attention is about ---


def test_each_refused_message_is_a_matter_until_it_is_acknowledged() -> None:
    candidacy = Candidacy()
    candidacy.signal("suspend", **WHO)
    candidacy.signal("no-such-message", **WHO)
    first, second = attention_view(candidacy.state)
    assert first.attention == second.attention == "refused-message"
    assert "`suspend` (not-a-holder)" in first.what
    assert second.since == candidacy.clock
    candidacy.say("acknowledge", attention="refused-message", by="B. Oss")
    assert attention_view(candidacy.state) == ()
    candidacy.signal("suspend", **WHO)
    assert len(attention_view(candidacy.state)) == 1


def test_a_long_reason_that_is_cut_off_ends_with_a_mark() -> None:
    candidacy = Candidacy()
    candidacy.send(REFUSAL.model_copy(update={"reason": "domain: must be one of " + "so, " * 60, "from_signal": True}))
    [refused] = attention_view(candidacy.state)
    assert refused.what.endswith("so, s…")
    candidacy.send(REFUSAL.model_copy(update={"message_id": "m-2", "reason": "it is short", "from_signal": True}))
    assert attention_view(candidacy.state)[1].what.endswith(": it is short")


def test_a_held_result_says_what_it_is_and_why_it_is_held() -> None:
    candidacy = Candidacy()
    candidacy.say(
        "record_assessment_result", result_id="R-9", domain=PEOPLE, percentage=90, taken_at=START, passed=False
    )
    (matter,) = attention_view(candidacy.state)
    assert matter.attention == "held-result:R-9"
    assert "People Management, 90.00 %" in matter.what
    assert "resolve_held_result" in matter.advice
    assert matter.since == candidacy.clock


def test_every_attention_value_has_something_to_say() -> None:
    candidacy = holder()
    for value in AttentionKind:
        state = candidacy.state.raising(Attention(value))
        assert all(matter.what and matter.advice for matter in attention_view(state)), value


def test_what_is_still_held_or_under_review_cannot_be_acknowledged_away() -> None:
    """R19: it asks for attention until it is decided."""
    candidacy = Candidacy()
    candidacy.result(PEOPLE, 90, passed=False, result_id="R-9")
    candidacy.submit("WP-1")
    for value in ("held-result:R-9", "review-waiting"):
        assert candidacy.refused("acknowledge", attention=value, by="B. Oss") == "cannot-acknowledge"
    candidacy.accept("R-9", "reject")
    candidacy.review("failed", "WP-1")
    assert candidacy.attention == []


def test_a_review_asks_for_attention_from_the_moment_it_waits() -> None:
    """R19: a work product that is handed in before the last assessment is passed must be on a list too."""
    candidacy = Candidacy()
    candidacy.submit("WP-1")
    assert (candidacy.status, candidacy.attention) == ("testing", ["review-waiting"])
    (view,) = attention_view(candidacy.state)
    assert (view.since, view.what) == (candidacy.clock, "the work product WP-1 waits for its review")
    candidacy.review("revise", "WP-1")
    assert candidacy.attention == []
    candidacy.submit("WP-2")
    assert candidacy.attention == ["review-waiting"]
    keeper = holder(certified_on="2027-03-05")
    keeper.evidence("E-1", "2029-06-01", local("2029-07-01"))
    assert keeper.attention == ["review-waiting"]
    (view,) = attention_view(keeper.state)
    assert (view.since, view.what) == (keeper.clock, "the evidence E-1 waits for its review")
    keeper.approve("E-1", verdict="returned")
    assert keeper.attention == []


def test_acknowledging_what_does_not_ask_is_refused() -> None:
    candidacy = Candidacy()
    assert candidacy.refused("acknowledge", attention="refused-message", by="B. Oss") == "no-such-attention"


def test_the_same_attention_stands_once() -> None:
    candidacy = Candidacy()
    for _ in range(3):
        candidacy.send(REFUSAL)
    assert candidacy.attention == ["refused-message"]


def test_an_undeliverable_notice_asks_for_attention_until_the_address_changes() -> None:
    candidacy = Candidacy()
    candidacy.send(ReportUndeliverable(notice="registered", about=1, reason="no such mailbox"))
    assert candidacy.attention == ["notice-undeliverable"]
    candidacy.say("update_contact", name="Ana")
    assert candidacy.attention == ["notice-undeliverable"]
    candidacy.say("update_contact", email="new@example.org")
    assert not candidacy.attention


def test_a_notice_that_gave_way_is_on_the_timeline_and_asks_for_nothing() -> None:
    candidacy = Candidacy()
    superseded = ReportSuperseded(notice="self-assessment-recorded", about=4, newer=7)
    assert candidacy.send(superseded) == ["NoticeSuperseded"]
    assert candidacy.attention == []
    assert "gave way" in summary_of(candidacy.last(e.NoticeSuperseded))


# --- rule 28: too early ---


@each(
    ("name", "code"),
    [
        ("record_self_assessment", "purchase-not-confirmed"),
        ("submit_work_product", "purchase-not-confirmed"),
        ("review_work_product", "not-under-review"),
        ("extend_deadline", "purchase-not-confirmed"),
        ("resolve_held_result", "not-held"),
        ("submit_recertification", "not-a-holder"),
        ("review_recertification", "not-a-holder"),
        ("request_advancement", "no-advancement"),
        ("suspend", "not-a-holder"),
        ("reinstate", "not-suspended"),
        ("revoke", "not-a-holder"),
        ("acknowledge", "no-such-attention"),
        ("supersede", "not-requested"),
    ],
)
def test_too_early_to_make_sense(name: str, code: str) -> None:
    candidacy = Candidacy(paid=False)
    assert candidacy.refused(name, **EVERY_MESSAGE[name]) == code
    candidacy.signal(name, **EVERY_MESSAGE[name])
    assert candidacy.last(e.MessageRefused).code == code


# --- rule 29: closed ---


@each("name", sorted(EVERY_MESSAGE))
def test_a_closed_candidacy_answers_closed(name: str) -> None:
    candidacy = Candidacy()
    candidacy.say("withdraw")
    assert candidacy.refused(name, **EVERY_MESSAGE[name]) == "closed"


@each("closing", ["abandoned", "timed_out", "refused", "withdrawn", "revoked", "expired"])
def test_every_closed_status_answers_closed_keeps_no_alarm_and_asks_for_nothing(closing: str) -> None:
    candidacy = {
        "abandoned": lambda: Candidacy(paid=False),
        "revoked": holder,
        "expired": holder,
    }.get(closing, Candidacy)()
    candidacy.send(REFUSAL)
    if closing == "withdrawn":
        candidacy.say("withdraw")
    elif closing == "revoked":
        candidacy.say("revoke", **WHO)
    elif closing == "refused":
        for submission in ("A", "B"):
            candidacy.submit(submission)
            candidacy.review("failed", submission)
    else:
        candidacy.advance_to(candidacy.clock + days(2000))
    assert candidacy.status == closing
    assert not candidacy.alarms
    assert not candidacy.attention
    assert candidacy.refused("withdraw") == "closed"
    with pytest.raises(Refused, match="closed"):
        candidacy.send(Cancel())


def test_what_the_engine_reports_is_taken_even_when_closed() -> None:
    candidacy = Candidacy()
    candidacy.say("withdraw")
    assert candidacy.send(REFUSAL) == ["MessageRefused"]
    assert not candidacy.attention
    assert candidacy.send(ReportUndeliverable(notice="withdrawn", about=3, reason="?")) == ["NoticeUndeliverable"]
    assert not candidacy.attention, "nobody could acknowledge it any more"
    assert candidacy.status == "withdrawn"


def test_before_the_registration_there_is_nothing_to_decide() -> None:
    supersede = Supersede(by_workflow_id="a:b:c", by_number="N", at=START)
    with pytest.raises(Refused, match="no candidacy"):
        decide(None, supersede, START)


# --- notices ---


def test_notices_carry_the_sequence_of_their_event_and_no_contact_details() -> None:
    candidacy = Candidacy().certify()
    notices = [effect for effect in candidacy.effects if isinstance(effect, Notify)]
    assert len({notice.sequence for notice in notices}) == len(notices)
    assert {"registered", "purchase-confirmed", "assessment-passed", "certified"} <= {n.notice for n in notices}
    assert "ana@example.org" not in json.dumps([notice.facts for notice in notices])


@each(("message", "notice"), [("withdraw", "candidacy-closed"), ("revoke", "revoked")])
def test_a_closing_is_told_once(message: str, notice: str) -> None:
    candidacy = holder()
    before = len(candidacy.effects)
    candidacy.say(message, **(WHO if message == "revoke" else {}))
    assert [getattr(effect, "notice", "") for effect in candidacy.effects[before:]] == [notice]
