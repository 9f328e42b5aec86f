"""What the workflow and the notices count: once each, and nothing while a history is replayed.

Each test has a namespace of its own: in a shared one, the tasks of other tests' candidacies would be counted too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import TypedSearchAttributes
from temporalio.runtime import BUFFERED_METRIC_KIND_COUNTER, MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from runtime import metrics
from runtime.embedded import EmbeddedServer
from runtime.search_attributes import CERTIFICATION_STATUS, NEXT_DEADLINE
from tests.namespaces import new_namespace
from tests.scheme import worker_settings
from tests.skipping import time_skipping_environment
from tests.waiting import eventually
from tests.workflows.journeys import DOMAINS, OPERATIONS, PEOPLE, Candidate, World
from tests.workflows.seeds import Past, plant
from worker import build_worker

Labels = tuple[tuple[str, Any], ...]


class Counted:
    """The counters and histograms of Certpath's own metrics, as its worker's runtime has them."""

    def __init__(self) -> None:
        self._buffer = MetricBuffer(100_000)
        self.runtime = Runtime(telemetry=TelemetryConfig(metrics=self._buffer))
        self._counters: Counter[tuple[str, Labels]] = Counter()
        self.delays: dict[str, list[float]] = {}

    def of(self, metric: metrics.Metric) -> dict[tuple[str, ...], int]:
        """How often a counter was counted, by its labels in the order of the table."""
        self._read()
        return {
            tuple(value for _, value in labels): count
            for (name, labels), count in self._counters.items()
            if name == metric.name
        }

    def _read(self) -> None:
        labels_of = {metric.name: metric.labels for metric in metrics.ALL}
        for update in self._buffer.retrieve_updates():
            name = update.metric.name
            if name == metrics.ALARM_DELAY.name:
                self.delays.setdefault(str(update.attributes["alarm"]), []).append(update.value)
            if name in labels_of and update.metric.kind == BUFFERED_METRIC_KIND_COUNTER:
                labels = tuple((label, update.attributes[label]) for label in labels_of[name])
                self._counters[name, labels] += int(update.value)


PURCHASE = {"reference": "INV-77", "purchased_at": (datetime.now(UTC) - timedelta(days=60)).isoformat()}


def working(client: Client, outbox: Path, cached: int = 1000) -> Worker:
    """Certpath's worker, for the length of a block. Of `cached` candidacies it keeps the runs in memory."""
    return build_worker(client, worker_settings(outbox=outbox, cached_workflows=cached))


def result(number: int, domain: str, **fields: Any) -> dict[str, Any]:
    taken_at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {"result_id": f"R-{number}", "domain": domain, "taken_at": taken_at, "percentage": 80, **fields}


async def refused(candidate: Candidate, name: str, payload: Mapping[str, Any]) -> None:
    with pytest.raises(WorkflowUpdateFailedError):
        await candidate.handle.execute_update(name, payload)


@pytest.mark.parametrize("cached", [0, 1000], ids=["every task replays", "no task replays"])
async def test_everything_is_counted_once_however_often_the_history_is_replayed(
    embedded: EmbeddedServer, tmp_path: Path, cached: int
) -> None:
    counted = Counted()
    client = await new_namespace(embedded, counted.runtime)
    candidate = Candidate(client, candidate_id=f"C-{uuid4().hex[:8]}")
    async with working(client, tmp_path, cached):
        await candidate.start(purchase=PURCHASE)
        # No query is sent before the candidacy is at rest. A worker that has to replay the history for a query may take
        # in what waits for the next workflow task as well, and counts it then and in that task (runtime/metrics.py).
        await candidate.at_rest()
        # Taken; the same again under its id; the same again by its content.
        first = result(1, PEOPLE, message_id="m-1")
        await candidate.handle.execute_update("record_assessment_result", first)
        await candidate.handle.execute_update("record_assessment_result", first)
        await candidate.handle.execute_update("record_assessment_result", {**first, "message_id": "m-2"})
        # Held; refused by a handler; refused by a validator, which leaves no history.
        flagged = result(2, OPERATIONS, passed=False)
        await candidate.handle.execute_update("record_assessment_result", flagged)
        await refused(candidate, "suspend", {"reason": "none", "by": "nobody"})
        await refused(candidate, "record_assessment_result", {"result_id": "R-3"})
        # Unknown names, one by each way in, however they are spelt.
        await refused(candidate, "promote", {})
        await candidate.signal("promote-C-1001-at-once")
        await candidate.signal("suspend", reason="none", by="nobody")
        await candidate.at_rest()
        assert (await candidate.types()).count("MessageRefused") == 3
        for _ in range(3):
            await candidate.status()
        assert len(candidate.notices(tmp_path)) == 4
        assert await candidate.send("withdraw")

        async def closed() -> bool:
            return await candidate.ended() == "withdrawn"

        await eventually(closed, "the end")

    assert counted.of(metrics.DECISIONS) == {
        ("registration",): 1,
        ("record_assessment_result",): 2,
        ("withdraw",): 1,
    }
    assert counted.of(metrics.DUPLICATES) == {("record_assessment_result",): 2}
    assert counted.of(metrics.REFUSALS) == {
        ("suspend", "not-a-holder"): 2,
        ("record_assessment_result", "invalid-message"): 1,
        ("unknown", "invalid-message"): 2,
    }
    assert counted.of(metrics.RESULTS_HELD) == {("flag-contradicts-score",): 1}
    assert counted.of(metrics.NOTICES) == {
        (notice, "sent"): 1
        for notice in ("registered", "purchase-confirmed", "assessment-passed", "result-held", "candidacy-closed")
    }


async def test_a_registration_that_cannot_be_understood_is_counted_as_refused(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    counted = Counted()
    client = await new_namespace(embedded, counted.runtime)
    candidate = Candidate(client, candidate_id=f"C-{uuid4().hex[:8]}")
    async with working(client, tmp_path):
        await candidate.start(designation="CCXX")
        with pytest.raises(WorkflowFailureError):
            await candidate.handle.result()
    assert counted.of(metrics.DECISIONS) == {}
    assert counted.of(metrics.REFUSALS) == {("registration", "invalid-message"): 1}


async def test_a_cancellation_withdraws_a_candidate_and_is_refused_by_a_holder(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    counted = Counted()
    client = await new_namespace(embedded, counted.runtime)
    candidate, holder = (Candidate(client, "CCMA", f"C-{uuid4().hex[:8]}") for _ in range(2))
    experience = {"role": "Director", "started_on": "2020-01-01"}
    async with working(client, tmp_path):
        for one in (candidate, holder):
            await one.start(purchase=PURCHASE, experience=experience)
            await one.has("PurchaseConfirmed")
        for number, domain in enumerate(DOMAINS):
            await holder.handle.execute_update("record_assessment_result", result(number, domain))
        await holder.stands("certified")
        await candidate.handle.cancel()
        await holder.handle.cancel()
        await holder.has("MessageRefused")
        assert await candidate.handle.result() == "withdrawn"
    assert counted.of(metrics.DECISIONS)[("cancel",)] == 1
    assert counted.of(metrics.REFUSALS) == {("cancel", "holder"): 1}


async def test_notices_are_counted_by_what_came_of_each_attempt(embedded: EmbeddedServer, tmp_path: Path) -> None:
    counted = Counted()
    client = await new_namespace(embedded, counted.runtime)
    late, nobody = (Candidate(client, candidate_id=f"C-{uuid4().hex[:8]}") for _ in range(2))
    outbox = tmp_path / "outbox"
    outbox.write_text("a file stands where the folder should be")
    async with working(client, outbox):
        await late.start()

        async def deferred() -> bool:
            return counted.of(metrics.NOTICES).get(("registered", "deferred"), 0) >= 1

        await eventually(deferred, "a notice that could not be sent")
        outbox.unlink()
        await late.outbox_sent(outbox, 1)
        await nobody.start(email="nobody@..example")
        await nobody.has("NoticeUndeliverable")
    notices = counted.of(metrics.NOTICES)
    assert notices[("registered", "sent")] == 1
    assert notices[("registered", "undeliverable")] == 1
    assert not [outcome for _, outcome in notices if outcome == "given_up"]


@pytest_asyncio.fixture
async def jumping() -> AsyncIterator[tuple[WorkflowEnvironment, Counted]]:
    """A server whose clock jumps, and a client of it whose metrics are counted."""
    counted = Counted()
    async with time_skipping_environment(counted.runtime) as environment:
        yield environment, counted


async def test_an_alarm_that_is_rung_late_is_measured_from_its_due_instant(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    counted = Counted()
    client = await new_namespace(embedded, counted.runtime)
    candidate = Candidate(client, candidate_id=f"C-{uuid4().hex[:8]}")
    # The 90 days after which the candidacy is abandoned were over ten days ago, and no worker ran.
    past = Past(candidate, datetime.now(UTC) - timedelta(days=101), paid=False)
    await plant(candidate, past.journal.carried())
    async with working(client, tmp_path):
        assert await candidate.handle.result() == "abandoned"
    counted.of(metrics.DECISIONS)
    (delay,) = counted.delays["abandon"]
    assert timedelta(days=9) <= timedelta(seconds=delay) <= timedelta(days=11)


async def test_a_deadline_that_waits_for_a_decision_is_not_overdue(embedded: EmbeddedServer, tmp_path: Path) -> None:
    client = await new_namespace(embedded)
    candidate = Candidate(client, "CCMA", f"C-{uuid4().hex[:8]}")
    past = Past(candidate, datetime.now(UTC) - timedelta(days=760)).passes(but=PEOPLE)
    past.say("record_assessment_result", **result(9, PEOPLE, taken_at=past.now, passed=False))
    await plant(candidate, past.journal.carried())
    async with working(client, tmp_path):
        await candidate.has("BorderDeferred")
        await candidate.stands("settling")

        async def published() -> bool:
            return (await described()).get(CERTIFICATION_STATUS) == "settling"

        async def described() -> TypedSearchAttributes:
            return (await candidate.handle.describe()).typed_search_attributes

        await eventually(published, "the search attributes")
        # The settlement ended about two weeks ago, and the candidacy stays open for the held result.
        assert (await described()).get(NEXT_DEADLINE) is None
        assert await candidate.attention() == ["held-result:R-9"]


async def test_a_notice_that_cannot_be_sent_in_time_is_counted_as_given_up(
    jumping: tuple[WorkflowEnvironment, Counted], tmp_path: Path
) -> None:
    environment, counted = jumping
    outbox = tmp_path / "outbox"
    outbox.write_text("a file stands where the folder should be")
    world = World(environment, worker_settings(outbox=outbox))
    candidate = world.candidate()
    async with world.worker():
        await candidate.start()
        await candidate.has("Registered")
        await candidate.send("withdraw")
        await environment.sleep(timedelta(hours=25))  # a day for the last notices, by the scheme
        assert await candidate.ended() == "withdrawn"
    notices = counted.of(metrics.NOTICES)
    assert notices[("registered", "given_up")] == 1
    assert notices[("candidacy-closed", "given_up")] == 1
    assert not [outcome for _, outcome in notices if outcome in ("sent", "undeliverable")]


async def test_an_advancement_that_waits_for_the_lower_certificate_is_no_late_alarm(
    jumping: tuple[WorkflowEnvironment, Counted], tmp_path: Path
) -> None:
    environment, counted = jumping
    world = World(environment, worker_settings(outbox=tmp_path))
    async with world.worker():
        holder = await world.registered("CCMA", since="2020-01-01")
        await holder.pass_all(await world.now())
        experience = {"role": "Operations Manager", "started_on": "2020-01-01"}
        await holder.send("request_advancement", purchase={"reference": "INV-9"}, experience=experience)
        await holder.send("suspend", reason="a complaint", by="M. Vogel")
        candidate = world.candidate("CCOM")
        await eventually(candidate.exists, "the advancement is opened")
        await candidate.submit()
        await candidate.review()
        await candidate.has("AttentionRaised")
        # Not a whole number of days: the lower certificate is asked again each day, and a message that arrives at the
        # very instant of a timer can bring this server to a standstill.
        await world.days(3.1)
        await candidate.send("withdraw")
        assert await candidate.ended() == "withdrawn"
    counted.of(metrics.DECISIONS)
    assert "lower" not in counted.delays
