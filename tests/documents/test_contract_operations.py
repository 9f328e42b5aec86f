"""docs/contract.md against the code: health, metrics and the command line."""

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import click

import cli
from cli import everyday, exits
from cli.main import VERBS
from client.bulk import addressing, delivering, enrolling
from client.bulk.outcomes import Kind
from domain.vocabulary import RefusalCode
from monitoring import checks
from monitoring.monitor import Monitor
from runtime import metrics
from runtime.settings import ROOT, Settings
from tests.documents.contract import (
    DOCUMENT,
    TEXT,
    Fields,
    agree,
    differences,
    field_differences,
    names,
    objects,
    section,
    table,
)
from tests.scheme import worker_settings
from tests.unit.cli.parsing import options_of

MONITOR = "monitoring/monitor.py"


def test_every_setting_that_is_named_exists() -> None:
    known = re.findall(r"\bCERTPATH_\w+", (ROOT / "runtime/settings.py").read_text())
    named = [name for name in names(TEXT) if name.startswith("CERTPATH_")]
    agree(
        f"{DOCUMENT} names the setting `{name}`; runtime/settings.py does not have it."
        for name in named
        if name not in known
    )


# --- health


async def test_the_documents_of_health_and_their_checks(tmp_path: Path) -> None:
    rows = {names(row["path"])[0]: row for row in table("Health and metrics", "path")}
    monitor = Monitor(worker_settings(outbox=tmp_path))
    ready = await asyncio.to_thread(lambda: asyncio.run(monitor.ready()))
    answers = {"/live": await monitor.live(), "/ready": ready}
    agree(differences("the path", rows, answers, MONITOR))
    for path, document in answers.items():
        agree(differences("the field", names(rows[path]["document"]), document, MONITOR, of=f"of {path}"))
    agree(
        differences("the check of /live", names(rows["/live"]["checks"]), answers["/live"]["checks"], MONITOR),
        field_differences("the checks of /ready", Fields.named_in(rows["/ready"]["checks"]), ready_checks(), MONITOR),
    )


def ready_checks() -> Fields:
    """The checks of /ready: those that every worker has are required."""
    kinds = [
        worker_settings(),
        worker_settings(smtp_url="smtp://mail.example.org"),
        Settings(answer_keys=ROOT / "examples"),
    ]
    found = [["worker", *(check.name for check in checks.all_checks(kind, lambda: None))] for kind in kinds]
    return Fields({name: all(name in some for some in found) for some in found for name in some})


def test_what_a_check_answers() -> None:
    well, ill = objects(section("Health and metrics"))
    answered = checks.document("ready", {"scheme": None, "mail": "It is gone."})["checks"]
    assert [well, list(ill)] == [answered["scheme"], list(answered["mail"])]


# --- metrics


def test_every_metric_stands_there_with_its_kind_and_labels() -> None:
    named = {names(row["metric"])[0]: (row["kind"], tuple(names(row["labels"]))) for row in table("Metrics", "metric")}
    there = {metric.name: (metric.kind, metric.labels) for metric in metrics.ALL}
    agree(
        differences("the metric", named, there, "runtime/metrics.py"),
        (
            f"{DOCUMENT} says that the metric `{name}` is {named[name]}; in runtime/metrics.py it is {there[name]}."
            for name in there
            if name in named and named[name] != there[name]
        ),
    )


def test_the_labels_of_the_metrics_and_their_values() -> None:
    rows = {names(row["label"])[0]: row["values"] for row in table("Metrics", "label")}
    there = [label for metric in metrics.ALL for label in metric.labels]
    codes = [metrics.INVALID, RefusalCode.HOLDER]
    where = "runtime/metrics.py"
    agree(
        differences("the label", rows, there, where),
        differences("the outcome of a notice", names(rows["outcome"]), get_args(metrics.Outcome), where),
        differences("the code of a refusal", names(rows["code"]), codes, where),
        differences(
            "the label of no message,",
            names(rows["message"]),
            [metrics.REGISTRATION, metrics.CANCEL, metrics.UNKNOWN],
            where,
        ),
    )


# --- command line


def leaves() -> dict[str, click.Command]:
    """Every command, by its one or two words."""
    return {words: line.command(words) for words, line in VERBS.items()}


def test_every_command_stands_there_with_flags_that_exist() -> None:
    there = leaves()
    rows = {command_of(names(row["command"])[0], there): row for row in table("Command line", "command")}
    agree(differences("the command", rows, there, "cli"))
    agree(
        f"{DOCUMENT} names `{flag}` of `starter.py {words}`; it does not have this flag."
        for words, row in rows.items()
        for flag in re.findall(r"--[a-z][a-z0-9-]*", f"{row['command']} {row['does']}")
        if flag not in list(options_of(there[words]))
    )


def command_of(line: str, known: Mapping[str, object]) -> str:
    """The words of the command that a command line begins with."""
    first, *others = line.removeprefix("starter.py ").split()
    two = " ".join([first, *others[:1]])
    return two if two in known else first


def test_what_each_everyday_command_sends() -> None:
    rows = {command_of(names(row["command"])[0], VERBS): row["does"] for row in table("Command line", "command")}
    sends = {words: re.findall(r"sends `(\w+)`", does) for words, does in rows.items()}
    named = [f"{words} → {message}" for words, messages in sends.items() for message in messages]
    coded = [f"{' '.join(verb.words)} → {verb.message}" for verb in everyday.VERBS]
    agree(differences("the command with its message", named, coded, "cli/everyday.py"))


def test_the_exit_codes() -> None:
    there = [str(value) for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)]
    named = [row["exit code"] for row in table("Command line", "exit code")]
    agree(differences("the exit code", named, there, "cli/exits.py"))


def test_the_exit_codes_are_explained_in_the_same_words_to_operators_and_in_every_help() -> None:
    assert " ".join(exits.HELP.removeprefix("exit codes:").split()) in in_one_line("docs/operations.md")


def test_the_exit_code_1_of_a_file_is_explained_by_the_outcomes_that_cause_it() -> None:
    (in_help,) = re.findall(rf"{exits.REFUSED} a row was ([^;]*), see the outcome file", exits.ROWS_HELP)
    assert f"The exit code is {exits.REFUSED} where a row was {in_help}." in in_one_line("docs/operations.md")
    fine = delivering.GOOD | addressing.GOOD | enrolling.GOOD
    of_no_run = {Kind.WOULD_BE_REFUSED, Kind.NOT_REACHED, Kind.FOREIGN}
    assert set(re.split(", | or ", in_help)) == {str(kind) for kind in Kind if kind not in fine | of_no_run}


def in_one_line(document: str) -> str:
    return " ".join((ROOT / document).read_text().split())


def test_the_kinds_of_errors_with_their_exit_codes() -> None:
    for module in pkgutil.walk_packages(cli.__path__, "cli."):
        importlib.import_module(module.name)  # whatever module of the command line has a kind of its own
    rows = table("Command line", "kind of error")
    named = [f"{names(row['kind of error'])[0]}: {row['exit code']}" for row in rows]
    agree(differences("the kind of error", named, (f"{one.kind}: {one.code}" for one in stops(exits.Stop)), "cli"))


def test_the_document_of_an_error() -> None:
    (named,) = objects(section("Command line"))
    there = exits.Stop("It failed.").document
    agree(
        differences("the field", named, there, "cli/exits.py", of="of the document of an error"),
        differences("the field", named["error"], there["error"], "cli/exits.py", of="of `error`"),
    )


def stops(kind: type[exits.Stop]) -> Iterator[type[exits.Stop]]:
    """Every way to fail."""
    yield kind
    for one in kind.__subclasses__():
        yield from stops(one)
