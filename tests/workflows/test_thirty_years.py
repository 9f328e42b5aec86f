"""Lives of decades: one run a cycle, dates from the original anchor, nothing lost on the way."""

from collections import Counter
from datetime import date, timedelta

import pytest
from temporalio.api.common.v1 import Payload

from domain.calendar import add_months
from runtime.search_attributes import ALL
from tests.workflows.journeys import World, border, local

CYCLES = 10


def _without_tasks(counts: Counter[str]) -> Counter[str]:
    return Counter({kind: count for kind, count in counts.items() if not kind.startswith("WORKFLOW_TASK")})


@pytest.mark.parametrize("certified_on", ["2040-01-10", "2040-02-29"])
async def test_thirty_years_of_recertifications_keep_every_date_and_every_promise(
    world: World, certified_on: str
) -> None:
    if certified_on != "2040-01-10":
        await world.until(local(certified_on))
    holder = await world.holder()
    anchor = date.fromisoformat(certified_on)
    number = (await holder.status())["certificate"]["number"]
    contact = {"email": "ana.ruiz@example.org", "message_id": "contact-1"}
    first_receipt = await holder.send("update_contact", **contact)
    runs = [await holder.run_id()]
    expires_on = []
    for cycle in range(1, CYCLES + 1):
        status = await holder.status()
        expiry = date.fromisoformat(status["certificate"]["expires_on"])
        expires_on.append(expiry)
        window_opens_on = add_months(anchor, 36 * cycle - 12)
        assert status["recertification"]["window_opens_on"] == window_opens_on.isoformat()
        await world.until(local(window_opens_on, "20:00:00"))
        await holder.stands("recertifying")
        await holder.evidence(f"E-{cycle}", expiry - timedelta(days=400), message_id=f"evidence-{cycle}")
        # Approved on another day each time: it moves no date.
        await world.days(17 * cycle + 1)
        await holder.approve(f"E-{cycle}")
        runs.append(await holder.run_id())
        again = await holder.send("update_contact", **contact)
        assert again == {**first_receipt, "duplicate": True}

    assert expires_on == [add_months(anchor, 36 * cycle) for cycle in range(1, CYCLES + 1)]
    status = await holder.status()
    assert status["certificate"] == {
        "number": number,
        "certified_on": certified_on,
        "expires_on": add_months(anchor, 36 * (CYCLES + 1)).isoformat(),
        "cycle": CYCLES + 1,
        "in_force": True,
        "gap_from": None,
        "gaps": [],
    }
    assert len(set(runs)) == CYCLES + 1

    timeline = await holder.timeline()
    assert [entry["sequence"] for entry in timeline] == list(range(1, status["sequence"] + 1))
    found = Counter(entry["type"] for entry in timeline)
    assert (found["Recertified"], found["RecertificationWindowOpened"], found["ContactUpdated"]) == (CYCLES, CYCLES, 1)
    told = {"Registered", "PurchaseConfirmed", "AssessmentPassed", "Certified", "ReminderDue"}
    told |= {"RecertificationWindowOpened", "RecertificationSubmitted", "Recertified"}
    assert found["ReminderDue"] == CYCLES, "one for each opened window; submitted evidence ends the others"
    expected = sum(count for kind, count in found.items() if kind in told)
    await holder.outbox_sent(world.outbox, expected)
    assert len(holder.notices(world.outbox)) == expected

    # Every cycle costs the same: nothing grows with the years. (How messages share a task is a matter of luck.)
    sizes = [_without_tasks(await holder.counts(run)) for run in runs[1:-1]]
    assert all(size == sizes[0] for size in sizes), sizes
    # The window opens, the evidence waits for its review (R19), the next cycle begins.
    assert sizes[0]["UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"] == 3
    assert sum(sizes[0].values()) <= 40

    await world.until(border(status["certificate"]["expires_on"]) + timedelta(days=400))
    assert await holder.ended() == "expired"


async def test_a_new_run_shows_in_the_ui_what_the_old_one_showed(world: World) -> None:
    holder = await world.holder()
    await world.until(local("2042-03-01"))
    await holder.send("suspend", reason="a complaint", by="M. Vogel")
    await holder.send("reinstate", reason="unfounded", by="M. Vogel")
    await holder.signal("withdraw", reason=7)
    await holder.has("MessageRefused")
    await holder.evidence("E-1", "2041-05-05")
    await holder.approve("E-1")
    # `certified`, and the deadline of the new cycle, are upserted; what did not change came over by itself.
    found = (await holder.handle.describe()).typed_search_attributes
    values = {key.name: found.get(key) for key in ALL}
    assert values == {
        "CandidateId": "C-1001",
        "Designation": "CCMA",
        "CertificationStatus": "certified",
        "NextDeadline": border("2046-01-10"),
        "AssessmentsPassed": 4,
        "NeedsAttention": ["refused-message"],
    }
    details = await holder.details()
    assert "expires on 2046-01-10 inclusive, 72 months from 2040-01-10" in details
    assert "`refused-message`: " in details
    assert "ana@example.org" not in details
    assert "Ana Ruiz" not in details
    started = (await holder.history()).events[0].workflow_execution_started_event_attributes
    assert started.continued_execution_run_id
    carried: Payload = started.input.payloads[0]
    assert carried.metadata["encoding"] == b"json/plain"
    assert len(carried.data) < 64 * 1024


async def test_the_outbox_rides_along_when_the_notices_cannot_go_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By default the handover ends at the instant at which the events that wait for the notices are recorded without
    # them. It would take that activity back while it completes. The server that skips time then refuses the workflow
    # task (ACTIVITY_UNKNOWN) and stands still.
    monkeypatch.setattr("workflows.certification._HANDOVER_PATIENCE", timedelta(seconds=20))
    holder = await world.holder()
    await world.until(local("2042-03-01"))
    await holder.outbox_sent(world.outbox, 9)
    sent = len(holder.notices(world.outbox))
    blocked = world.outbox.with_name("away")
    world.outbox.rename(blocked)
    world.outbox.write_text("not a folder: nothing can be delivered")
    await holder.evidence("E-1", "2041-05-05")
    before = await holder.run_id()
    await holder.send("review_recertification", submission_id="E-1", reviewer="R. Viewer", verdict="approved")
    # The handover waits a bounded time for the notices, then goes on without them.
    await world.days(0.001)
    await holder.continued(before)
    assert (await holder.status())["certificate"]["cycle"] == 2
    world.outbox.unlink()
    blocked.rename(world.outbox)
    await world.days(0.5)
    await holder.outbox_sent(world.outbox, sent + 2)
    assert holder.notices(world.outbox)[-2:] == ["recertification-submitted", "recertified"]
    assert "NoticeUndeliverable" not in await holder.types()
