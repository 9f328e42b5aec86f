"""Journals of every age are opened, lose nothing, and are lived on to the end: by alarms alone, and by messages.

The run is handed over after each step, so what is written is read again as often.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.client import Client

from domain import requirements
from domain.digests import matches
from domain.formats import CHAIN
from domain.messages import parse_message
from domain.vocabulary import AlarmKind, Status
from tests.cases import each
from tests.formats import newer
from tests.formats.journals import STATES, paths, read
from tests.formats.lives import BY, Life
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import Candidate
from tests.workflows.seeds import seed_worker, sow
from worker import build_worker
from workflows.journal import Journal

PATHS = paths()


def opened(path: Path) -> Life:
    """The life goes on a minute after its newest event."""
    journal = Journal.read(read(path))
    return Life(journal, journal.events[-1].at + timedelta(minutes=1))


def test_every_state_is_kept() -> None:
    assert {path.stem for path in PATHS} >= set(STATES)


@each("path", PATHS)
def test_a_journal_of_any_age_is_read_and_loses_nothing(path: Path) -> None:
    document = CHAIN.journal(read(path))
    carried = Journal.read(document).carried()
    assert list(newer.lost({**document, "zone_rules": carried["zone_rules"]}, carried)) == []


@each("path", PATHS)
def test_a_journal_of_any_age_is_lived_on_by_its_alarms(path: Path) -> None:
    life = opened(path)
    closed_before = life.journal.state.closed
    begun_at = life.now
    life.to_the_end()
    state = life.journal.state
    assert (life.now - begun_at).days < 6 * 366
    if closed_before:
        assert state.closed == closed_before
    elif path.stem in WAITS_FOR_A_PERSON:
        assert state.attention, "it waits for a person, and says so"
        assert state.closed is None
    else:
        assert state.closed == ("expired" if state.certificate else ENDS.get(path.stem, "timed_out"))
    sequences = [event.sequence for event in life.journal.events]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))


WAITS_FOR_A_PERSON = (
    "held",
    "settled-but-held",
    "under-review",
    "grace-under-review",
    "lapse-deferred",
    "work-product-submitted",
    "awaiting-review",
)
"""The states in which no deadline decides before a person has."""
ENDS = {"awaiting-purchase": "abandoned", "awaiting-purchase-held": "abandoned", "out-of-attempts": "refused"}


# --- to the certificate, and on -----------------------------------------------------------------------------


def in_time(life: Life) -> datetime:
    """Now, or an instant shortly before the deadline that is over."""
    state = life.journal.state
    assert state.window
    due_at = state.work_product.due_at or state.window.closes_at
    return min(life.now, state.window.closes_at - timedelta(hours=1), due_at - timedelta(hours=1))


def certify(life: Life) -> None:
    """Does whatever is still missing, by messages."""
    if life.journal.state.window is None:
        life.say("confirm_purchase", reference="INV-1", purchased_at=life.now - timedelta(days=1)).hand_over()
    for hold in list(life.journal.state.held.values()):
        fields = {"result_id": hold.result.result_id, "by": "B. Oss", "reason": "as the vendor says"}
        accepts = hold.result.passed and life.journal.state.window is not None
        decision = "accept" if accepts else "reject"
        life.say("resolve_held_result", **fields, hold=hold.hold, decision=decision).hand_over()
    if life.journal.state.path == "standard":
        pass_what_is_missing(life)
    if not life.journal.state.certificate and life.journal.state.programme.work_product:
        finish_work_product(life)
    state = life.journal.state
    if state.path == "standard" and not state.certificate and not requirements.experience_met(state):
        life.until_rung(AlarmKind.EXPERIENCE).hand_over()
    if life.journal.state.path == "advancement":
        life.lower_gives_way = True
        life.after(days=1).hand_over()


def pass_what_is_missing(life: Life) -> None:
    window = life.journal.state.window
    assert window
    if not window.closed and not life.journal.state.settlements:
        life.after(days=31)  # attempts of before may be too near
    for domain, assessed in requirements.assessments(life.journal.state).items():
        if assessed.status == "passed":
            continue
        failed = [one for one in life.journal.state.results.values() if one.domain == domain]
        if domain in life.journal.state.settlements:  # a correction gives the last attempt a pass
            fields = {"result_id": failed[-1].result_id, "revision": 2, "taken_at": failed[-1].taken_at}
        else:
            fields = {"result_id": f"N-{domain}", "taken_at": in_time(life)}
        life.say("record_assessment_result", domain=domain, percentage=91, **fields).hand_over()


def finish_work_product(life: Life) -> None:
    product = life.journal.state.work_product
    if product.status not in ("submitted", "passed"):
        fields = {"uri": "urn:x", "sha256": "cd" * 32, "submitted_at": in_time(life)}
        life.say("submit_work_product", submission_id="N-1", **fields).hand_over()
    if life.journal.state.work_product.status == "submitted":
        submission_id = str(life.journal.state.work_product.submission_id)
        life.reviews("passed", submission_id).hand_over()


def recertify(life: Life) -> None:
    """Renews the certificate: evidence is returned once, and approved."""
    if life.journal.state.suspension:
        life.say("reinstate", reason="unfounded", by="M. Vogel").hand_over()
    cycle = life.journal.state.cycle
    certificate = life.journal.state.certificate
    assert certificate
    if life.journal.state.recertification.status == "closed":
        life.until_rung(AlarmKind.RECERTIFICATION).after(days=60).hand_over()
    if life.journal.state.recertification.status != "submitted":
        submit_evidence(life, "N-1")
        returned = {"submission_id": "N-1", "reviewer": "R. Viewer", "verdict": "returned", "comments": "More."}
        life.say("review_recertification", **returned).hand_over()
        submit_evidence(life, "N-2")
    life.approved(str(life.journal.state.recertification.submission_id)).hand_over()
    assert life.journal.state.cycle == cycle + 1


def submit_evidence(life: Life, submission_id: str) -> None:
    certificate = life.journal.state.certificate
    assert certificate
    submitted_at = min(life.now, certificate.ends_at - timedelta(hours=1))
    activity = {"title": "A course", "completed_on": certificate.expires_on - timedelta(days=20)}
    if life.now.date() <= certificate.expires_on:
        activity["completed_on"] = life.now.date() - timedelta(days=20)
    fields = {"activities": [activity], "submitted_at": submitted_at}
    life.say("submit_recertification", submission_id=submission_id, **fields).hand_over()


# --- each way to end ----------------------------------------------------------------------------------------


def withdraw(life: Life) -> None:
    life.say("withdraw", reason="retired")


def revoke(life: Life) -> None:
    if not life.journal.state.suspension:
        life.say("suspend", **BY).hand_over()
    life.say("revoke", **BY)


def supersede(life: Life) -> None:
    """The holder advances; the higher certificate asks, and is told."""
    if not life.journal.state.advancing_with:
        purchase = {"reference": "INV-10", "purchased_at": life.now}
        life.say("request_advancement", purchase=purchase).hand_over()
    life.say("supersede", by_workflow_id=life.higher, by_number="CCOM-AAAA", at=life.now)
    assert life.journal.outbox[-2].effect == "tell_candidacy" or life.journal.outbox[-1].effect == "tell_candidacy"


def expire(life: Life) -> None:
    life.to_the_end()


def fail_everything(life: Life) -> None:
    for hold in list(life.journal.state.held.values()):
        fields = {"result_id": hold.result.result_id, "hold": hold.hold, "by": "B. Oss", "reason": "no"}
        life.say("resolve_held_result", **fields, decision="reject").hand_over()
    domain = next(name for name, one in requirements.assessments(life.journal.state).items() if one.status != "passed")
    for attempt in range(5):
        if domain in life.journal.state.settlements or life.after(days=31).journal.state.closed:
            break
        life.result(f"X-{attempt}", domain, 12).hand_over()
    life.to_the_end()


HOLDERS_ENDS: dict[Status, Callable[[Life], None]] = {
    Status.WITHDRAWN: withdraw,
    Status.REVOKED: revoke,
    Status.SUPERSEDED: supersede,
    Status.EXPIRED: expire,
}
CAN_FAIL = ("testing", "extended", "retaking", "held", "out-of-attempts", "refused-message", "contact-changed")


def _closed(name: str) -> bool:
    return name in ("superseded", "higher-withdrawn", "closed-with-notices")


LIVING = [path for path in PATHS if not _closed(path.stem)]


def _ends(path: Path) -> list[Status]:
    """The ends that a holder may come to: where no higher designation follows, none takes the certificate's place."""
    advances = read(path)["state"]["programme"]["advances_to"] is not None
    return [end for end in HOLDERS_ENDS if advances or end is not Status.SUPERSEDED]


@each(("path", "end"), [(path, end) for path in LIVING for end in _ends(path)])
def test_a_journal_of_any_age_goes_on_by_messages_to_each_end(path: Path, end: Status) -> None:
    """A candidate is certified, the certificate is renewed, and then ends in each of the ways."""
    life = opened(path)
    if not life.journal.state.certificate:
        certify(life)
        assert life.journal.state.certificate, life.status
    recertify(life)
    HOLDERS_ENDS[end](life)
    life.hand_over()
    assert life.journal.state.closed == end
    assert life.journal.state.attention == ()


@each("path", LIVING)
def test_a_candidacy_of_any_age_can_be_withdrawn(path: Path) -> None:
    life = opened(path)
    withdraw(life)
    assert life.hand_over().status is Status.WITHDRAWN


@each("path", [one for one in LIVING if one.stem in CAN_FAIL])
def test_a_candidate_of_any_age_can_use_up_the_attempts(path: Path) -> None:
    life = opened(path)
    fail_everything(life)
    assert life.hand_over().status is Status.REFUSED


@each("path", [one for one in PATHS if one.stem == "suspended"])
def test_a_message_in_the_ledger_of_a_journal_of_any_age_is_recognised(path: Path) -> None:
    ledger = opened(path).journal.ledger.values()
    message = parse_message("suspend", json.dumps(BY).encode())
    assert [entry.events for entry in ledger if matches(entry.digest, message)] == [["Suspended"]]


# --- on a server --------------------------------------------------------------------------------------------


async def test_the_engine_goes_on_with_every_journal(client: Client, tmp_path: Path) -> None:
    async with seed_worker(client), build_worker(client, worker_settings(outbox=tmp_path)):
        await asyncio.gather(*(_goes_on(client, path) for path in PATHS))


async def _goes_on(client: Client, path: Path) -> None:
    candidate_id = f"fixture-{path.parent.name}-{path.stem}"
    document = read(path, candidate_id)
    candidate = Candidate(client, document["state"]["designation"], candidate_id)
    await sow(candidate, document)

    async def taken_up() -> bool:
        return bool((await candidate.status())["sequence"] >= document["state"]["sequence"])

    await eventually(taken_up, f"{path.stem} is taken up")
