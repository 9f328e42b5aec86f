"""The documents against the code: what they name exists, and what exists is named."""

import asyncio
import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain import known_results, messages
from domain.commands import MAX_EVIDENCE
from domain.matters import results, work_product
from domain.scheme import RuleSet
from runtime.attribute_names import Attribute
from runtime.embedded import EmbeddedServer, temporal_cli
from runtime.settings import ROOT
from tests.scheme import worker_settings
from tests.unit.cli.parsing import parsed
from tests.waiting import PATIENCE, eventually
from worker import build_worker
from workflows import journal

RULES = (ROOT / "docs/rules.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"\n#+ ", text.split(f"# {heading}\n", 1)[1])[0]


# --- list filters

FILTERED = re.compile(r"\b([A-Z][a-z]+[A-Z]\w+) (?:IS (?:NOT )?NULL\b|IN \(|STARTS_WITH\b|(?:!=|[<>]=?|=) ?[\d'])")
"""A name in a list filter of Temporal: in camel case, before an operator of that language."""
OF_TEMPORAL = {"ExecutionStatus", "StartTime", "TemporalReportedProblems", "TemporalWorkerDeploymentVersion"}


@pytest.mark.parametrize(
    "path",
    [*DOCUMENTS, ROOT / "docs/ui-views.js", *sorted((ROOT / "cli").rglob("*.py"))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_the_list_filters_that_people_read_name_search_attributes_that_exist(path: Path) -> None:
    named = set(FILTERED.findall(path.read_text(encoding="utf-8")))
    assert named <= {*Attribute, *OF_TEMPORAL}


# --- rules.md


def test_every_rule_has_its_line() -> None:
    assert re.findall(r"^\| (\d+) \|", RULES, re.MULTILINE) == [str(number) for number in range(1, 30)]


def test_every_ruling_has_its_line() -> None:
    assert re.findall(r"^\| R(\d+) \|", RULES, re.MULTILINE) == [str(number) for number in range(1, 21)]


def test_the_code_of_every_rule_exists() -> None:
    missing = [reference for reference in re.findall(r"`([\w.]+:[\w.]+)`", RULES) if not exists(reference)]
    assert missing == [], "docs/rules.md names code that is gone"


def exists(reference: str) -> bool:
    """Whether `module:function` is there."""
    module, _, path = reference.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found is not None


def test_the_fields_of_the_scheme_are_all_there() -> None:
    scheme = tomllib.loads((ROOT / "schemes/ciac.toml").read_text())
    named = re.findall(r"`((?:rules|designations|body)\.[\w.]+)`", RULES)
    for path in named:
        found: Any = scheme
        for name in path.split("."):
            found = found[name]
    groups = {name: field.annotation for name, field in RuleSet.model_fields.items()}
    fields = {f"rules.{group}.{field}" for group, kind in groups.items() for field in getattr(kind, "model_fields", {})}
    assert fields == {path for path in named if path.startswith("rules.")}


# --- architecture.md


def test_the_bounds_are_those_of_the_code() -> None:
    told = re.findall(r"^\| [^|]+ \| ([^|]*\d[^|]*) \|$", section(ARCHITECTURE, "Bounds, and why"), re.MULTILINE)
    numbers = [[int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", cell)] for cell in told]
    assert numbers[0] == [journal.CARRIED_EVENTS, journal.CARRIED_EVENT_BYTES // 1024]
    assert numbers[1] == [2, journal.CARRIED_EXCERPTS, journal.SHORT_TEXT]
    assert numbers[2] == [journal.REMEMBERED_MESSAGES]
    assert numbers[3] == [journal.QUEUED_NOTICES]
    assert numbers[4] == [journal.QUEUED_BYTES // 1024]
    assert numbers[5] == [
        *(results.MAX_HELD, results.MAX_HELD_CONTENTS, known_results.MAX_RESULTS),
        *(known_results.MAX_FORMER, known_results.MAX_CONTENTS, known_results.MAX_ENDED_HOLDS),
    ]
    assert numbers[6] == [results.MAX_HELD_ANSWERS, messages.MAX_BYTES // 1024]
    assert numbers[7] == [work_product.MAX_SUBMISSIONS, MAX_EVIDENCE]


# --- all of them


NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    "|nineteen|twenty|thirty|forty|fifty"
)
GROWING = "attributes|designations|assessments|domains|verbs|statuses|alerts|metrics|codes|queries|values|tables|steps"
"""What stands in tables and lists to which people add."""
COUNTED = re.compile(
    rf"\b(?:the|all|all the|there are|has|have)\s+(?:{NUMBERS}|\d+)\s+(?:[\w-]+\s+){{0,2}}?(?:{GROWING})\b",
    re.IGNORECASE,
)


def test_no_sentence_counts_what_people_add_to() -> None:
    """Such a number is false as soon as somebody adds one, and nothing would tell."""
    assert COUNTED.search("It registers the\nsix search attributes.")
    assert not COUNTED.search("up to 20 of the attention values, and a result of two domains")
    places = [*DOCUMENTS, *(ROOT / "runtime").glob("*.py"), *(ROOT / "cli").rglob("*.py")]
    found = {str(one.relative_to(ROOT)): COUNTED.findall(one.read_text(encoding="utf-8")) for one in places}
    assert {name: sentences for name, sentences in found.items() if sentences} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text):
        if target.startswith("http"):
            continue
        linked = document.parent / target if target else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked.read_text()), anchor
    for name in re.findall(r"`((?:\w+/)+[\w.]+\.\w+)`", text):
        assert (ROOT / name).exists() or name.startswith("var/"), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_line_of_a_document_is_one_that_the_command_line_takes(document: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    given = [line for line in lines if line.startswith("./starter.py")]
    # The same command line in a container, in a block or in the middle of a sentence.
    given += re.findall(r"docker compose run --rm (starter [^`\n]+)", document.read_text())
    for line in given:
        # What the shell does with the output is no part of the command line.
        parsed(*shlex.split(line.partition(" > ")[0], comments=True)[1:])


def anchors(text: str) -> list[str]:
    """How the headings of a document are linked to."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def code(document: str, language: str) -> str:
    """The examples of a document in one language; their November is always the newest."""
    lines = "\n".join(re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL))
    today = datetime.now(UTC).date()
    return re.sub(r"2026-11-(\d\d)", lambda day: str(today - timedelta(days=22 - int(day[1]))), lines)


async def reaches(client: Client, candidate: str, status: str) -> None:
    """Wait until a candidate has this status."""
    handle = client.get_workflow_handle(f"certification:{candidate}")

    async def there() -> bool:
        return bool((await handle.query("status"))["status"] == status)

    await eventually(there)


async def test_the_examples_for_foreign_programs_work(embedded: EmbeddedServer, client: Client, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{temporal_cli().parent}{os.pathsep}{os.environ['PATH']}",
        "TEMPORAL_ADDRESS": embedded.address,
    }

    async def run(*command: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async with build_worker(client, worker_settings(outbox=tmp_path / "outbox")):
        commands = ("bash", "-euo", "pipefail", "-c", code("docs/integrations.md", "sh"))
        told = await run(*commands)
        # All of it once more, as an integration that has lost an answer does: newer contact details stay.
        bo = client.get_workflow_handle("certification:CCMA:C-1002")
        await bo.execute_update("update_contact", {"email": "bo.lind@example.org"})
        await run(*commands)
        assert (await bo.query("contact"))["email"] == "bo.lind@example.org"
        answered = await run(sys.executable, "-c", code("docs/integrations.md", "python"))
        await reaches(client, "CCMA:C-1002", "awaiting_purchase")
        await reaches(client, "CCMC:C-1003", "testing")
        await reaches(client, "CCSL:C-1004", "testing")
        status = await client.get_workflow_handle("certification:CCSL:C-1001").query("status")
    assert "AssessmentFailed" in told
    assert "and corrected:" in told
    assert answered.splitlines() == ["['PurchaseConfirmed'] False", "['AssessmentPassed'] False"]
    assert {domain: one["percentage"] for domain, one in status["assessments"].items()} == {
        "people-management": "81.66",
        "operations-management": "74.99",
        "customer-relationships": None,
        "leadership-and-business": None,
    }
    assert status["work_product"]["status"] == "submitted"
