"""The alert rules and the dashboard in `deploy/` against what a running worker really exports."""

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from sqlalchemy import Engine as RecordEngine
from sqlalchemy import update
from temporalio import workflow
from temporalio.client import WorkflowUpdateFailedError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.commands import Contact, Register
from domain.events import ContactUpdated
from record import store
from record.database import open_database, writing
from record.errors import Unavailable
from record.events import Kept, Recorded
from record.tables import STATES
from runtime import metrics
from runtime.embedded import free_port
from runtime.settings import ROOT, record_in
from tests.processes.engine import Engine, engine_with_server
from tests.processes.messages import DOMAINS, JOURNEY, result
from tests.scheme import SCHEME
from tests.waiting import PATIENCE, eventually
from workflows.journal import Journal

DEPLOY = ROOT / "deploy"


# --- a worker to which everything happens that is counted


@workflow.defn(name="CertificationWorkflow")
class Impostor:
    """Leaves a history that Certpath's workflow cannot have had: what a wrong roll-out of code would do."""

    @workflow.run
    async def run(self, _registration: dict[str, Any]) -> None:
        await workflow.sleep(timedelta(days=365))


@workflow.defn(name="Seed")
class Seed:
    """Begins a candidacy in the middle of its life."""

    @workflow.run
    async def run(self, journal: dict[str, Any]) -> None:
        workflow.continue_as_new(journal, workflow=cast("Any", "CertificationWorkflow"), task_queue="certification")


def overdue_journal(candidate: str) -> dict[str, Any]:
    """Of a candidacy that should have been abandoned ten days ago."""
    registered_at = datetime.now(UTC) - timedelta(days=101)
    command = Register(
        workflow_id=f"certification:CCSL:{candidate}",
        enrolment="00000000-0000-0000-0000-000000000000",
        candidate_id=candidate,
        designation="CCSL",
        programme=SCHEME.programme("CCSL"),
    )
    contact = Contact(name="Ana Ruiz", email="ana@example.org")
    return Journal.open(command, contact, registered_at).carried()


async def before_the_worker(certpath: Engine) -> None:
    """A history that cannot be replayed, and an alarm that is long due."""
    unsandboxed = UnsandboxedWorkflowRunner()
    client = certpath.client
    async with Worker(client, task_queue="certification", workflows=[Impostor], workflow_runner=unsandboxed):
        wrong = await certpath.enrol("C-7201")

        async def timer_set() -> bool:
            return any(
                event.HasField("timer_started_event_attributes") for event in (await wrong.fetch_history()).events
            )

        await eventually(timer_set)
    async with Worker(client, task_queue="seeds", workflows=[Seed], workflow_runner=unsandboxed):
        late = await client.start_workflow(
            "Seed", overdue_journal("C-7202"), id="certification:CCSL:C-7202", task_queue="seeds"
        )

        async def continued() -> bool:
            return (await client.get_workflow_handle(late.id).describe()).workflow_type == "CertificationWorkflow"

        await eventually(continued)
    await wrong.signal("withdraw", {})


async def everything_that_is_counted(certpath: Engine) -> None:
    handle = await certpath.enrol("C-7203")
    for name, document in JOURNEY[:3]:
        await handle.execute_update(name, document)
        await handle.execute_update(name, document)
    await handle.execute_update("record_assessment_result", result(7, DOMAINS[2], passed=False))
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("suspend", {"reason": "none", "by": "nobody"})
    post = certpath.folder / "post"
    await eventually(lambda: '"attempt": 2' in certpath.worker.log)
    post.unlink()
    await eventually(lambda: list(post.glob("outbox/*.eml")))
    await eventually(lambda: "events wait to be recorded" in certpath.worker.log)
    (certpath.folder / "shelf").unlink()
    other = await certpath.enrol("C-7204", email="nobody@..example")
    record = open_database(record_in(certpath.folder / "shelf"))
    await eventually(lambda: {"C-7203", "C-7204"} <= last_events(record).keys())
    damage(record, last_events(record))
    await handle.execute_update("withdraw", {})
    await other.execute_update("withdraw", {})
    # By this the runbook finds the candidacy.
    await eventually(lambda: re.search(r"certification:CCSL:C-7203.* is recorded as", certpath.worker.log))
    record.dispose()


def last_events(record: RecordEngine) -> dict[str, Kept]:
    """The last recorded event of each candidate."""
    try:
        return {kept.candidacy.workflow_id.rpartition(":")[2]: kept for kept in store.since(record, 0)}
    except Unavailable:  # it has no tables yet
        return {}


def damage(record: RecordEngine, last: dict[str, Kept]) -> None:
    """Writes what only a hand that does not belong there writes: a foreign event, and a state that is none."""
    foreign = ContactUpdated(sequence=last["C-7203"].event.sequence + 1, at=datetime.now(UTC), changed=("name",))
    store.append(record, last["C-7203"].candidacy, [Recorded.of(foreign)])
    with writing(record) as connection:
        whose = STATES.c.workflow_id == last["C-7204"].candidacy.workflow_id
        connection.execute(update(STATES).where(whose).values(body="{"))


class Exported:
    """What stood on the metrics endpoint: every sample's name, with its labels and their values."""

    def __init__(self) -> None:
        self.samples: dict[str, dict[str, set[str]]] = {}
        self.kinds: dict[str, str] = {}

    def read(self, address: str) -> "Exported":
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE) as answer:
            text = answer.read().decode()
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.kinds[name] = kind
            elif line and not line.startswith("#"):
                name = re.split(r"[{ ]", line)[0]
                labels = self.samples.setdefault(name, {})
                for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', line):
                    labels.setdefault(label, set()).add(value)
        return self


@pytest_asyncio.fixture(scope="module")
async def exported(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exported]:
    """The union of what one worker exports while things go well, while some go wrong, and when its server is gone."""
    folder = tmp_path_factory.mktemp("watching")
    address = f"127.0.0.1:{free_port()}"
    found = Exported()
    for name in ("post", "shelf"):
        (folder / name).write_text("a file stands where the folder should be")
    outbox, record = str(folder / "post/outbox"), record_in(folder / "shelf")
    async with engine_with_server(
        folder, working=False, CERTPATH_METRICS_ADDRESS=address, CERTPATH_OUTBOX=outbox, CERTPATH_RECORD_URL=record
    ) as certpath:
        await before_the_worker(certpath)
        await certpath.worker.start()
        await everything_that_is_counted(certpath)
        expected = {metric.name for metric in metrics.ALL} | {"temporal_workflow_task_execution_failed"}
        await eventually(lambda: expected <= {*found.read(address).samples, *found.kinds})
        await eventually(lambda: "undeliverable" in found.read(address).samples[metrics.NOTICES.name]["outcome"])
        failures = {"unavailable", "conflict", "fault"}
        await eventually(lambda: failures <= found.read(address).samples[metrics.RECORD_FAILURES.name]["reason"])
        await certpath.server.kill()
        await eventually(lambda: "temporal_request_failure" in found.read(address).samples)
        yield found


def test_the_table_of_metrics_is_what_stands_on_the_endpoint(exported: Exported) -> None:
    for metric in metrics.ALL:
        assert exported.kinds[metric.name] == metric.kind
        samples = exported.samples[f"{metric.name}_bucket" if metric.kind == "histogram" else metric.name]
        assert set(metric.labels) <= set(samples)
    ours = {name for name in exported.kinds if not name.startswith("temporal_")}
    assert ours == {metric.name for metric in metrics.ALL}
    buckets = exported.samples["certpath_alarm_delay_seconds_bucket"]["le"]
    assert {float(le) for le in buckets} == {*metrics.ALARM_DELAY.buckets, float("inf")}


def test_no_metric_names_a_person_or_a_candidacy(exported: Exported) -> None:
    values = {value for labels in exported.samples.values() for found in labels.values() for value in found}
    assert not [value for value in values if "C-72" in value or "uarterstaff" in value or "@" in value]


# --- the files


ALERTS = (DEPLOY / "prometheus/alerts.yml").read_text()
PRODUCTION = (ROOT / "docs/production.md").read_text()
ALERT_TESTS = (DEPLOY / "prometheus/alerts.test.yml").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/certpath.json").read_text())
_METRIC = re.compile(r"\b((?:certpath|temporal)_\w+)(\{[^}]*\})?")


def expressions() -> list[str]:
    """Every PromQL expression of the alert rules and of the dashboard."""
    rules_ = re.findall(r"\n        expr: (?:>-\n)?(.*?)(?=\n        \w)", ALERTS, re.DOTALL)
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    assert len(rules_) == ALERTS.count("- alert: ")
    return rules_ + panels


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_and_label_that_is_asked_for_is_exported(exported: Exported, expression: str) -> None:
    used = _METRIC.findall(expression)
    assert used or "up{" in expression
    grouped = {
        label
        for labels in re.findall(r"by \(([^)]*)\)", expression)
        for label in re.split(r",\s*", labels)
        if label != "instance"  # Prometheus adds it
    }
    for name, selector in used:
        assert name in exported.samples, f"no running worker exports {name}"
        selected = set(re.findall(r"(\w+)[!=]", selector))
        assert (grouped | selected) <= set(exported.samples[name])


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (name, label)
        for name, selector in _METRIC.findall(ALERTS)
        for label in re.findall(r'\w+[!=]~?"[^"]*"', selector)
    ],
)
def test_the_values_that_alerts_pick_are_ones_that_occur(exported: Exported, name: str, label: str) -> None:
    wanted = re.fullmatch(r'(\w+)([!=]~?)"([^"]*)"', label)
    assert wanted is not None
    # Which failures of requests a test can bring about is chance; the alert leaves out what is no failure of Temporal.
    if wanted[1] != "status_code":
        assert set(wanted[3].split("|")) <= exported.samples[name][wanted[1]]


def test_every_alert_is_tested_says_what_it_means_and_names_its_runbook() -> None:
    names = re.findall(r"- alert: (\w+)", ALERTS)
    assert names
    assert set(re.findall(r"alertname: (\w+)", ALERT_TESTS)) == set(names)
    for name, body in zip(names, ALERTS.split("- alert: ")[1:], strict=True):
        assert "summary: " in body
        assert "description: " in body
        assert re.search(r"severity: (critical|warning|info)\n", body)
        assert f"runbook: docs/production.md#{name.lower()}\n" in body
        assert f"\n### {name}\n" in PRODUCTION


def test_promtool_finds_every_alert_firing_when_it_should_and_only_then() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian's package prometheus has it)")
    for command in (("check", "config", "prometheus.yml"), ("test", "rules", "alerts.test.yml")):
        done = subprocess.run(
            [promtool, *command],
            cwd=DEPLOY / "prometheus",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_can_read_every_query_of_the_dashboard(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian's package prometheus has it)")
    queries = [
        {"record": f"query:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(expressions())
    ]
    # JSON is YAML too.
    (tmp_path / "queries.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": queries}]}))
    done = subprocess.run(
        [promtool, "check", "rules", "queries.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_has_a_place_and_a_query_for_every_panel() -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert not cells & taken, f"{panel['title']} lies on another panel"
        assert max(right for right, _ in cells) < 24
        taken |= cells
    for panel in panels:
        assert panel["title"]
        assert panel["description"]
        assert panel["targets"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}


def test_grafana_finds_its_dashboard_and_its_prometheus() -> None:
    source = (DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text()
    assert "\n    uid: prometheus\n" in source
    assert "\n    url: http://prometheus:9090\n" in source
    provider = (DEPLOY / "grafana/provisioning/dashboards/certpath.yml").read_text()
    assert "\n      path: /var/lib/grafana/dashboards\n" in provider
    assert DASHBOARD["uid"] == "certpath"
