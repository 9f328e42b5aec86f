"""What rides through continue-as-new is bounded: measured at every bound, by the messages that reach it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from domain import messages, rulebook
from domain.commands import (
    Contact,
    Experience,
    Purchase,
    RefuseMessage,
    Register,
    RingAlarm,
)
from domain.decision import Refused
from domain.digests import digest_of
from domain.effects import Notify
from domain.events import (
    ExperienceMet,
    NoticeSuperseded,
    NoticeUndeliverable,
    Reinstated,
    SelfAssessmentRecorded,
    Suspended,
)
from domain.notices import WITH_NOTICE
from domain.vocabulary import Attention, AttentionKind, RefusalCode, UndeliveredCause
from tests.scheme import SCHEME, worker_settings
from tests.workflows.journeys import DOMAINS, LEADERSHIP, PEOPLE, START, Candidate
from tests.workflows.seeds import plant, take
from worker import build_worker
from workflows.journal import (
    CARRIED_EVENT_BYTES,
    CARRIED_EVENTS,
    CARRIED_EXCERPTS,
    QUEUED_BYTES,
    QUEUED_NOTICES,
    REMEMBERED_MESSAGES,
    SHORT_TEXT,
    Journal,
)

HARD_LIMIT = 2 * 1024 * 1024
AIM = 256 * 1024
# A character of four bytes, the most that JSON in UTF-8 makes of one.
WIDE = "\U0001f4dc"


def size(carried: dict[str, Any]) -> int:
    """The bytes of the payload as the worker writes it."""
    return sum(len(payload.data) for payload in pydantic_data_converter.payload_converter.to_payloads([carried]))


class Filling:
    """One journal, filled by messages at their largest."""

    def __init__(
        self, letter: str = WIDE, designation: str = "CCSL", *, paid: bool = True, with_record: bool = True
    ) -> None:
        self.with_record = with_record
        self.now = START
        self.text, self.line = letter * 1000, letter * 200
        self.reviewer = f"R{self.line[1:]}"  # as long as a line may be, and not the candidate's name
        self.count = 0
        command = Register(
            workflow_id="certification:CCSL:" + "C" * 64,
            enrolment="0" * 36,
            candidate_id="C" * 64,
            designation=designation,
            programme=SCHEME.programme(designation),
            purchase=Purchase(reference=self.line, purchased_at=START) if paid else None,
            experience=Experience(role=self.line, started_on=START.date() - timedelta(days=900), attested_by=self.line),
        )
        self.journal = Journal.open(
            command, Contact(name=self.line, email="a" * 60 + "@" + "b" * 180 + ".example.org"), START
        )

    def say(self, name: str, /, **fields: Any) -> None:
        message = messages.parse_message(name, json.dumps(fields, default=str).encode())
        events = take(self.journal, message, self.now, unscored=self.text)
        self.recorded()
        self.count += 1
        self.journal.remember(f"{self.count}-".ljust(128, "m"), digest_of(message), events)

    def recorded(self) -> None:
        """The record has everything, so the journal may forget the oldest."""
        if self.with_record:
            self.journal.recorded = self.journal.state.sequence

    def certify(self) -> None:
        for domain in DOMAINS:
            self.result(domain, percentage="80")
        if self.journal.state.programme.work_product:
            self.say("submit_work_product", submission_id="W" * 64, uri="urn:" + "u" * 990, sha256="a" * 64)
            self.say(
                "review_work_product",
                submission_id="W" * 64,
                reviewer=self.reviewer,
                verdict="passed",
                comments=self.text,
            )
        assert self.journal.state.certificate

    def result(self, domain: str, **fields: Any) -> None:
        self.count += 1
        result_id = f"{self.count}-".ljust(64, '"')
        self.say(
            "record_assessment_result",
            result_id=result_id, domain=domain, taken_at=self.now, source=self.line, **fields,
        )  # fmt: skip

    def held_result(self) -> None:
        """As many responses as a form may have, each id and answer at its longest."""
        responses = {f"{number}-".ljust(64, '"'): WIDE * 16 for number in range(300)}
        self.result(PEOPLE, form="F" * 64, responses=responses)

    def resolve(self, result_id: str) -> None:
        fields = {"result_id": result_id, "decision": "reject", "by": self.line, "reason": self.text}
        message = messages.parse_message("resolve_held_result", json.dumps(fields).encode())
        take(self.journal, message, self.now)
        self.recorded()

    def ring(self) -> None:
        """Lets the next alarm ring."""
        alarm = rulebook.next_alarm(self.journal.state)
        assert alarm
        self.now = max(self.now, alarm.at)
        take(self.journal, RingAlarm(kind=alarm.kind, due=alarm.at), self.now)
        self.recorded()

    def refused(self) -> None:
        data = (b"\xff" if self.text[0] == WIDE else b"y") * 4096
        self.journal.refuse(
            RefuseMessage(
                message=WIDE * 100,
                code=RefusalCode.INVALID_MESSAGE,
                reason=self.text,
                from_signal=True,
                sha256=messages.sha256_of(data + str(self.count).encode()),
                excerpt=messages.excerpt_of("withdraw", data),
            ),
            self.now,
        )
        self.recorded()
        self.count += 1


def _until_refused(take: Any, most: int) -> None:
    for _ in range(most):
        try:
            take()
        except Refused:
            return


def _suspensions(filling: Filling, count: int) -> None:
    for _ in range(count):
        filling.say("suspend", reason=filling.text, by=filling.line)
        filling.say("reinstate", reason=filling.text, by=filling.line)


@pytest.fixture(scope="module")
def worst() -> Filling:
    """A holder with everything there can be, all at once, in characters of four bytes."""
    filling = Filling(paid=False)
    _until_refused(filling.held_result, 60)
    _until_refused(lambda: filling.result(PEOPLE, percentage="80"), 60)
    filling.say("confirm_purchase", reference=filling.line, purchased_at=filling.now + timedelta(days=1))
    filling.now += timedelta(days=2)
    filling.certify()
    for _ in range(150):
        filling.result(LEADERSHIP, percentage="90")
    for _ in range(REMEMBERED_MESSAGES):
        filling.say("update_contact", name=f"{filling.count}".ljust(200, WIDE))
    filling.journal.outbox.clear()
    _suspensions(filling, 60)
    for _ in range(CARRIED_EVENTS // 2):
        filling.refused()
    return filling


def test_the_worst_that_messages_can_do_stays_under_the_servers_limit(worst: Filling) -> None:
    carried = worst.journal.carried()
    assert len(carried["events"]) == CARRIED_EVENTS
    assert len(carried["ledger"]) == REMEMBERED_MESSAGES
    assert len(_waiting(worst)) == QUEUED_NOTICES
    assert len(carried["state"]["held"]) > 3
    assert size(carried) < 0.8 * HARD_LIMIT
    again = Journal.model_validate(json.loads(json.dumps(carried)))
    assert again.carried() == carried


@pytest.mark.parametrize("letter", ["x", WIDE])
def test_results_held_and_resolved_without_end_stay_small(letter: str) -> None:
    filling = Filling(letter, "CCMA")
    for _ in range(CARRIED_EVENTS // 2 + 10):
        filling.held_result()
        result_id = next(iter(filling.journal.state.held.values())).result.result_id
        filling.resolve(result_id)
    assert filling.journal.state.held == {}
    assert len(filling.journal.events) > CARRIED_EVENTS
    carried = filling.journal.carried()
    assert "responses" not in json.dumps(
        [event for event in carried["events"] if event.get("result", {}).get("responses")]
    )
    # Each of the newest 200 events has its longest reason.
    assert size({**carried, "outbox": []}) < (1.25 * AIM if letter == "x" else 0.5 * HARD_LIMIT)


def test_evidence_submitted_and_returned_without_end_stays_bounded() -> None:
    filling = Filling(WIDE, "CCMA")
    filling.certify()
    filling.ring()
    activities = [{"title": WIDE * 200, "completed_on": START.date(), "uri": "urn:" + "u" * 190}] * 20
    for number in range(CARRIED_EVENTS // 2 + 10):
        submission = f"{number}".ljust(64, "s")
        filling.say("submit_recertification", submission_id=submission, activities=activities)
        filling.say(
            "review_recertification",
            submission_id=submission,
            reviewer=filling.reviewer,
            verdict="returned",
            comments=filling.text,
        )
        filling.journal.outbox.clear()
    carried = filling.journal.carried()
    assert size({"events": carried["events"]}) <= CARRIED_EVENT_BYTES
    newest = [event for event in carried["events"] if event["type"] == "RecertificationSubmitted"][-1]
    assert len(newest["evidence"]) == newest["activities"] == 20


def test_a_heavy_but_honest_life_stays_under_the_aim() -> None:
    """Thirty years with a long paragraph at every decision, many retries of messages, a few held results."""
    filling = Filling("a", "CCSL")
    for _ in range(3):
        filling.result(PEOPLE, percentage="80", passed=False)
    filling.certify()
    for cycle in range(10):
        for _ in range(8):
            filling.ring()
        filling.now = filling.journal.state.certificate.window_opens_at + timedelta(days=30)  # type: ignore[union-attr]
        day = (filling.now - timedelta(days=60)).date()
        activities = [{"title": "A course " * 10, "completed_on": day, "uri": "https://example.org/" + "c" * 60}] * 10
        for attempt in ("a", "b"):
            submission = f"{cycle}-{attempt}"
            filling.say("submit_recertification", submission_id=submission, activities=activities)
            filling.say(
                "review_recertification",
                submission_id=submission,
                reviewer="Dr. Imani Cole",
                verdict="returned" if attempt == "a" else "approved",
                comments="The evidence is good. " * 30,
            )
    for _ in range(300):
        filling.say("update_contact", publish=not filling.journal.contact.publish)
    assert filling.journal.state.cycle == 11
    filling.journal.outbox = filling.journal.outbox[-10:]
    assert size(filling.journal.carried()) < AIM


def test_what_people_wrote_is_carried_whole_until_there_is_too_much_of_it() -> None:
    filling = Filling("r", "CCMA")
    filling.certify()
    _suspensions(filling, 50)
    filling.journal.outbox.clear()
    reasons = [event["reason"] for event in filling.journal.carried()["events"] if event["type"] == "Suspended"]
    assert {len(reason) for reason in reasons} == {1000}

    flooded = Filling(WIDE, "CCMA")
    flooded.certify()
    for _ in range(100):
        _suspensions(flooded, 1)
        flooded.journal.outbox.clear()
    flooded.journal.outbox.clear()
    carried = flooded.journal.carried()
    reasons = [event["reason"] for event in carried["events"] if event["type"] in ("Suspended", "Reinstated")]
    assert len(reasons[-1]) == 1000
    assert len(reasons[0]) == SHORT_TEXT + 1
    assert size({"events": carried["events"]}) <= CARRIED_EVENT_BYTES


def test_of_a_flood_of_refused_messages_the_newest_excerpts_are_whole() -> None:
    filling = Filling("x")
    for _ in range(CARRIED_EVENTS + 50):
        filling.refused()
    excerpts = [event["excerpt"] for event in filling.journal.carried()["events"] if event["type"] == "MessageRefused"]
    assert [len(excerpt) for excerpt in excerpts[-CARRIED_EXCERPTS:]] == [messages.EXCERPT_BYTES] * CARRIED_EXCERPTS
    assert {len(excerpt) for excerpt in excerpts[:-CARRIED_EXCERPTS]} == {SHORT_TEXT + 1}
    assert filling.journal.omitted > 0


def test_events_that_are_not_recorded_yet_are_carried_whole_and_say_when_they_do_not_fit() -> None:
    filling = Filling("r", "CCMA", with_record=False)
    filling.certify()
    _suspensions(filling, 120)
    filling.journal.outbox.clear()
    everything = [event.model_copy() for event in filling.journal.events]
    assert [event.sequence for event in everything] == list(range(1, filling.journal.state.sequence + 1))
    assert len(everything) > CARRIED_EVENTS
    fitted = filling.journal.fits
    assert fitted
    carried = Journal.model_validate(filling.journal.carried())
    assert carried.events == everything
    assert carried.omitted == 0
    assert [event.sequence for event in carried.unrecorded] == [event.sequence for event in everything]

    _suspensions(filling, 300)
    filling.journal.outbox.clear()
    assert not filling.journal.fits
    recorded = filling.journal.model_copy(update={"recorded": filling.journal.state.sequence})
    assert recorded.fits
    assert len(recorded.carried()["events"]) == CARRIED_EVENTS


def _self_assess(filling: Filling, count: int) -> None:
    for number in range(count):
        filling.say("record_self_assessment", domain=DOMAINS[number % 4], percentage=str(number % 100))


def _void(filling: Filling, count: int) -> None:
    for _ in range(count):
        filling.result(PEOPLE, outcome="voided")


def _waiting(filling: Filling) -> list[Notify]:
    return [effect for effect in filling.journal.outbox if isinstance(effect, Notify)]


def _accounted(filling: Filling) -> None:
    """Every event with a notice is accounted for: its notice waits, gave way, or was given up."""
    ended = (NoticeUndeliverable, NoticeSuperseded)
    told = [event.about for event in filling.journal.events if isinstance(event, ended)]
    told += [notice.sequence for notice in _waiting(filling)]
    # Of experience that is met on registration the notice of the registration tells.
    events = [event for event in filling.journal.events if not isinstance(event, ExperienceMet)]
    assert sorted(told) == [event.sequence for event in events if isinstance(event, WITH_NOTICE)]


def test_notices_of_one_kind_about_one_subject_give_way_to_the_newest() -> None:
    filling = Filling("x", "CCMA")
    first = filling.journal.outbox[0]
    _self_assess(filling, 40)
    waiting = _waiting(filling)
    assert waiting[0] == first, "it may be on its way"
    newest = [event.sequence for event in filling.journal.events if isinstance(event, SelfAssessmentRecorded)][-4:]
    assert [one.sequence for one in waiting if one.notice == "self-assessment-recorded"] == newest
    gave_way = [event for event in filling.journal.events if isinstance(event, NoticeSuperseded)]
    assert len(gave_way) == 36
    assert all(event.newer > event.about for event in gave_way)
    assert filling.journal.state.attention == (), "no fault, and no attention (R20)"
    _accounted(filling)


def test_notices_that_may_be_on_their_way_give_way_only_when_they_were_not_sent() -> None:
    filling = Filling("x", "CCMA")
    _self_assess(filling, 4)
    first, *behind = _waiting(filling)
    on_their_way = behind[:3]
    with filling.journal.may_be_on_their_way(on_their_way):
        _self_assess(filling, 8)
        assert _waiting(filling)[:4] == [first, *on_their_way]
    filling.journal.outbox.remove(first)
    filling.journal.outbox.remove(on_their_way[0])  # these two were sent
    filling.journal.bound_outbox(filling.now)
    now_first, *others = _waiting(filling)
    assert now_first == on_their_way[1]
    newest = [event.sequence for event in filling.journal.events if isinstance(event, SelfAssessmentRecorded)][-4:]
    assert [one.sequence for one in others] == newest


def test_a_notice_past_the_bound_is_given_up_but_never_that_of_a_decision() -> None:
    filling = Filling("x", "CCMA")
    first = filling.journal.outbox[0]
    _void(filling, 30)
    filling.certify()
    _suspensions(filling, 60)
    waiting = _waiting(filling)
    assert len(waiting) > QUEUED_NOTICES
    assert waiting[0] == first, "it may be on its way"
    decided = [event for event in filling.journal.events if isinstance(event, (Suspended, Reinstated))]
    assert [one.sequence for one in waiting if one.subject is None][-120:] == [event.sequence for event in decided]
    given_up = [event for event in filling.journal.events if isinstance(event, NoticeUndeliverable)]
    assert {event.cause for event in given_up} == {UndeliveredCause.TOO_MANY}
    assert {event.notice for event in given_up} <= {"result-voided", "purchase-confirmed"}
    assert filling.journal.state.attention == (Attention(AttentionKind.NOTICE_UNDELIVERABLE),)
    _accounted(filling)


def test_decisions_without_end_are_given_up_before_they_end_the_workflow() -> None:
    filling = Filling(WIDE, "CCMA")
    filling.certify()
    _suspensions(filling, 60)
    assert len(_waiting(filling)) == QUEUED_NOTICES
    plain = Filling("x", "CCMA")
    plain.certify()
    plain.text = "a complaint"
    _suspensions(plain, 300)
    assert size({"outbox": plain.journal.carried()["outbox"]}) < 1.1 * QUEUED_BYTES
    assert len(_waiting(plain)) > 3 * QUEUED_NOTICES
    assert Attention(AttentionKind.NOTICE_UNDELIVERABLE) in filling.journal.state.attention


async def test_the_worst_journal_passes_through_a_real_servers_continue_as_new(
    client: Client, tmp_path: Path, worst: Filling
) -> None:
    holder = Candidate(client, "CCSL", "C" * 64)
    carried = worst.journal.carried()
    # The notices wait on, so that the same weight is handed over once more.
    settings = worker_settings(outbox=tmp_path, smtp_url="smtp://127.0.0.1:1")
    async with build_worker(client, settings):
        await plant(holder, carried)
        assert (await holder.status())["sequence"] == carried["state"]["sequence"]
        assert len(await holder.timeline()) == CARRIED_EVENTS + 1
        receipt = await holder.send("update_contact", email="ana@example.org")
        assert receipt["events"] == ["ContactUpdated"]
        # A search attribute of more than 2,048 bytes would have been the workflow's end: the server terminates it.
        found = (await holder.handle.describe()).search_attributes["NeedsAttention"]
        assert 0 < len(found) < len(await holder.attention())
        assert all(str(value).startswith("held-result:") for value in found)
    # It would cost every later worker on this server seconds of CPU.
    await holder.handle.terminate()
