"""`upgrade` without a server: its flags, what it refuses, and how builds and those who are left are shown."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import click
import pytest

from cli import builds, moves
from cli.main import captured
from cli.verbs import upgrade
from client import deployments, finding
from client.connection import Client
from client.deployments import BuildStatus, BuildView, DeploymentView, Everywhere, NoBuild
from client.errors import FormatNotRead
from client.list_language import Filter
from client.moving import Ended, Move, Waking
from client.pool import Stopping
from runtime.builds import Build
from tests.cases import each
from tests.unit.cli.parsing import parsed
from tests.unit.entries import entry

NOBODY = NoBuild(0, polls=False)
OLD = BuildView("v1", "certpath", BuildStatus.DRAINING, 1, "aa", polls=True, candidacies=20_000)
NEW = BuildView("v2", "certpath", BuildStatus.CURRENT, 1, "bb", polls=True, candidacies=12)


def everywhere(*views: BuildView, no_build: NoBuild = NOBODY, between: int = 0, **changes: Any) -> Everywhere:
    deployment = replace(DeploymentView("certpath", "v2", None, 0, views), **changes)
    return Everywhere((deployment,), no_build, between)


# --- the command line


@each(
    ("arguments", "sentence"),
    [
        (["--ramp", "5"], "Name the BUILD"),
        (["--first"], "Name the BUILD"),
        (["--force"], "Name the BUILD"),
        (["v1", "--first", "--ramp", "5"], "leave --ramp out"),
    ],
)
def test_flags_that_do_not_go_together(arguments: list[str], sentence: str) -> None:
    ended = captured(["upgrade", *arguments, "--json"])
    assert (ended.code, json.loads(ended.out)["error"]["kind"]) == (2, "bad-input")
    assert sentence in ended.err


@each("percentage", ["0", "101", "12.5", "x", ""])
def test_a_ramp_is_a_whole_number_of_per_cent(percentage: str) -> None:
    with pytest.raises(click.UsageError, match="write a whole number from 1 to 100"):
        parsed("upgrade", "v1", "--ramp", percentage)
    assert parsed("upgrade", "v1", "--ramp", "100").params["ramp"] == 100


def test_the_deployment_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, meant in (("certpath", "certpath"), ("", None)):
        monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", value)
        assert parsed("upgrade", "v1").params["deployment"] == meant
    assert parsed("upgrade", "v1", "--deployment", "other").params["deployment"] == "other"


# --- before anything is changed


def test_a_build_that_reads_everything_is_taken() -> None:
    upgrade.check_format(NEW, everywhere(NEW, OLD))
    upgrade.check_format(OLD, everywhere(NEW, OLD))
    unknown = replace(OLD, format=None)
    upgrade.check_format(NEW, everywhere(NEW, unknown))
    upgrade.check_format(replace(NEW, format=3), everywhere(NEW, OLD))


@each(("reads", "says"), [(1, "reads format 1 at most"), (None, "does not say which format")])
def test_a_build_that_cannot_read_what_is_stored_is_refused(reads: int | None, says: str) -> None:
    newer = replace(OLD, build="v3", format=2, candidacies=3)
    older = replace(NEW, format=reads)
    with pytest.raises(FormatNotRead, match=says) as caught:
        upgrade.check_format(older, everywhere(older, newer, OLD))
    assert (caught.value.reads, caught.value.needed) == (reads, 2)
    assert "3 open candidacies on build v3" in caught.value.sentence
    # What it has handed over, and nobody has taken up, is stored in its format too.
    between = replace(newer, candidacies=0, handed_over=3)
    with pytest.raises(FormatNotRead, match="3 open candidacies on build v3"):
        upgrade.check_format(replace(older, format=1), everywhere(older, between, OLD, between=3))
    # Where nobody runs on it, nothing is stored in its format.
    upgrade.check_format(replace(older, format=1), everywhere(older, replace(newer, candidacies=0), OLD))


# --- who runs where


def test_the_table_of_builds(capsys: pytest.CaptureFixture[str]) -> None:
    builds.show(
        everywhere(
            NEW,
            replace(OLD, status=BuildStatus.RAMPING, polls=False, format=None),
            no_build=NoBuild(7, polls=True),
            between=3,
            ramping="v1",
            percentage=12.5,
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "deployment  build             status          format  workers  candidacies",
        "certpath    v2                current         1       polling  12",
        "certpath    v1                ramping 12.5 %          none     20,000",
        "            (no build)                                polling  7",
        "            (between builds)                                   3",
    ]


def test_the_table_has_a_line_for_no_build_only_where_that_says_something(capsys: pytest.CaptureFixture[str]) -> None:
    builds.show(everywhere(NEW))
    assert "(no build)" not in capsys.readouterr().out
    builds.show(Everywhere((), NOBODY, 0))
    assert "(no build)" in capsys.readouterr().out


def test_the_document_of_builds() -> None:
    document = builds.document(everywhere(NEW, no_build=NoBuild(7, polls=True), between=3, ramping="v3", percentage=5))
    assert json.loads(json.dumps(document)) == {
        "deployments": [
            {
                "deployment": "certpath",
                "current": "v2",
                "ramping": {"build": "v3", "percentage": 5},
                "builds": [
                    {
                        "build": "v2",
                        "status": "current",
                        "format": 1,
                        "code": "bb",
                        "workers_poll": True,
                        "candidacies": 12,
                    }
                ],
            }
        ],
        "no_build": {"candidacies": 7, "workers_poll": True},
        "between_builds": {"candidacies": 3},
    }


@each(
    ("stand", "advice"),
    [
        (everywhere(NEW), []),
        (everywhere(NEW, OLD), ["does not have 20,000 open candidacies: `./starter.py upgrade v2`"]),
        (everywhere(NEW, between=1), ["does not have 1 open candidacy: `./starter.py upgrade v2`"]),
        (everywhere(NEW, OLD, ramping="v1"), []),
        (everywhere(replace(NEW, polls=False)), ["No worker of v2 asks for work, although it is current"]),
        (everywhere(OLD, current=None), ["No build of certpath is current"]),
        (Everywhere((), NoBuild(5, polls=True), 0), []),
    ],
)
def test_what_to_do_next(stand: Everywhere, advice: list[str]) -> None:
    said = list(builds.advice(stand))
    assert len(said) == len(advice)
    assert all(part in sentence for part, sentence in zip(advice, said, strict=True))


# --- the report of a move


class Mover(Move):
    """A move that has ended in this way, with so many left of all."""

    def __init__(self, waking: Waking, how: Ended, total: int, left: int) -> None:
        super().__init__(cast(Client, None), "certpath:v2", waking, Stopping())
        self._how, self._numbers = how, (total, left)

    async def begin(self) -> int:
        self.total, self.left = self._numbers
        return self.total

    async def carry_out(self, tell: Any, *, hold_back: bool = True) -> Ended:
        return self._how


async def report(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stand: Everywhere,
    how: Ended,
    total: int,
    left: int,
    *,
    as_json: bool = False,
) -> tuple[int, str, str]:
    """The exit code of a move that ends like this, and what it prints on stdout and stderr."""

    async def look(_client: object) -> Everywhere:
        return stand

    async def some(_client: object, wanted: Filter, limit: int) -> AsyncIterator[Any]:
        for name in ("C-1", "C-2", "C-3")[: min(limit, left)]:
            yield entry(name)

    monkeypatch.setattr(deployments, "everywhere", look)
    monkeypatch.setattr(finding, "candidacies", some)
    monkeypatch.setattr(moves, "Move", lambda _client, _build, waking, _stop: Mover(waking, how, total, left))
    manner = moves.Manner(at_once=4, hold_back=True, as_json=as_json)
    code = await moves.everyone(cast(Client, None), Build("certpath", "v2"), manner, is_current=True)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


Report = pytest.CaptureFixture[str]


async def test_when_nobody_is_left_the_workers_of_the_others_may_be_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: Report
) -> None:
    old = replace(OLD, candidacies=0)
    idle = [replace(old, build=build) for build in ("v0", "v1b")]
    stand = everywhere(NEW, old, *idle, no_build=NoBuild(0, polls=True))
    code, out, err = await report(monkeypatch, capsys, stand, Ended.NOBODY_LEFT, 20_000, 0)
    assert (code, out) == (0, "")
    assert "20,000 open candidacies moved to build v2: nobody is left elsewhere." in err
    assert "The workers of v1, v0 and v1b may be stopped." in err
    assert "Workers without a build get no more work" in err
    assert "Candidacies that have ended stay on the build on which they ended" in err


async def test_when_everyone_was_there_already(monkeypatch: pytest.MonkeyPatch, capsys: Report) -> None:
    code, _, err = await report(monkeypatch, capsys, everywhere(NEW), Ended.NOBODY_LEFT, 0, 0)
    assert (code, err) == (0, "Every open candidacy runs on build v2 already.\n")


async def test_who_is_left_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: Report) -> None:
    lost = replace(OLD, build="v0", polls=False, candidacies=2)
    busy = replace(OLD, candidacies=4)
    stand = everywhere(NEW, busy, lost, no_build=NoBuild(3, polls=False), between=1)
    code, _, err = await report(monkeypatch, capsys, stand, Ended.SOME_LEFT, 100, 10)
    assert code == 1
    assert "90 of 100 open candidacies moved to build v2, 10 left." in err
    lines = err.splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["4", "2", "1", "3"]
    assert "on build v1, whose workers poll: they are busy" in lines[0]
    assert lines[0].endswith("(C-1 for CCSL, C-2 for CCSL, C-3 for CCSL, …).")
    assert "on build v0: no worker of it asks for work: start one again" in lines[1]
    assert "nothing is lost" in lines[1]
    assert "handed over, and not taken up" in lines[2]
    assert "log of the workers of build v2" in lines[2]
    assert "on no build" in lines[3]


async def test_where_others_have_come_since_that_is_said(monkeypatch: pytest.MonkeyPatch, capsys: Report) -> None:
    monkeypatch.setattr(Mover, "moved", 95)
    _, _, err = await report(monkeypatch, capsys, everywhere(NEW, OLD), Ended.SOME_LEFT, 100, 10)
    assert "95 of 100 open candidacies moved to build v2, 10 left; others have come since." in err


async def test_where_the_current_build_has_no_worker_any_more_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: Report
) -> None:
    stand = everywhere(replace(NEW, polls=False), between=1)
    code, _, err = await report(monkeypatch, capsys, stand, Ended.HELD_BACK, 100, 100)
    assert code == 1
    assert "no worker of build v2 asks for work" in err
    assert "Build v2 takes up no more candidacies, so nobody else was woken" in err


@pytest.mark.parametrize(
    ("how", "code"), [(Ended.NOBODY_LEFT, 0), (Ended.SOME_LEFT, 1), (Ended.HELD_BACK, 1), (Ended.INTERRUPTED, 130)]
)
async def test_the_document_of_a_move(monkeypatch: pytest.MonkeyPatch, capsys: Report, how: Ended, code: int) -> None:
    left = 0 if how is Ended.NOBODY_LEFT else 1
    stand = everywhere(NEW, replace(OLD, candidacies=left))
    ended, out, err = await report(monkeypatch, capsys, stand, how, 10, left, as_json=True)
    document = json.loads(out)
    assert (ended, document["ended"]) == (code, how.value)
    assert (document["deployment"], document["build"]) == ("certpath", "v2")
    assert (document["moved"], document["left"], document["not_woken"]) == (10 - left, left, 0)
    assert [(one["build"], one["candidacies"]) for one in document["left_where"]] == [("v1", 1)] * left
    if left:
        assert document["left_where"][0]["some"] == [{"candidate_id": "C-1", "designation": "CCSL"}]
    assert ("Interrupted. Give the same command again" in err) == (how is Ended.INTERRUPTED)


# --- a part


async def ramped(
    monkeypatch: pytest.MonkeyPatch, between: int, *, also_on_it: bool = False, before: int = 1
) -> tuple[int, list[Filter]]:
    """The exit code of a ramp at whose end so many are between two builds, and for whom it has looked."""
    woken: list[Filter] = []

    async def look(_client: object) -> Everywhere:
        return everywhere(OLD, NEW, between=between, ramping="v2", percentage=5.0)

    async def count(_client: object, wanted: Filter) -> int:
        return before if wanted.between_builds else 0

    async def some(_client: object, wanted: Filter, limit: int | None = None) -> AsyncIterator[Any]:
        if limit is None:
            woken.append(wanted)
        else:
            yield entry("C-1")

    async def settled(*_: object) -> None:
        return

    monkeypatch.setattr(deployments, "everywhere", look)
    monkeypatch.setattr(finding, "count", count)
    monkeypatch.setattr(finding, "candidacies", some)
    monkeypatch.setattr("client.moving.settled", settled)
    manner = moves.Manner(at_once=4, hold_back=True, as_json=False)
    build = Build("certpath", "v2")
    return await moves.a_part(cast(Client, None), build, 5, manner, also_on_it=also_on_it), woken


async def test_a_ramp_to_a_build_that_fails_ends_with_1(monkeypatch: pytest.MonkeyPatch, capsys: Report) -> None:
    code, _ = await ramped(monkeypatch, between=4)
    assert code == 1
    err = capsys.readouterr().err
    assert "4 handed over, and not taken up by any build yet: the server offers a task that failed again" in err
    assert "log of the workers of build v2" in err
    assert "on build v1" not in err, "those who stay there are no fault"
    code, _ = await ramped(monkeypatch, between=1)
    assert (code, capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize(
    ("percentage", "ramping", "also"), [(5.0, "v2", True), (10.0, "v2", True), (10.0, "v3", False)]
)
async def test_a_ramp_wakes_those_on_the_build_where_it_had_a_part_already(
    percentage: float, ramping: str, also: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has the lower percentage as soon as the command has begun: the same command again must complete it."""
    asked: list[bool] = []

    async def ramp(*_: object) -> None:
        return

    async def a_part(*_: object, also_on_it: bool) -> int:
        asked.append(also_on_it)
        return 0

    monkeypatch.setattr("client.current_build.ramp", ramp)
    monkeypatch.setattr(moves, "a_part", a_part)
    (deployment,) = everywhere(OLD, NEW, current="v1", ramping=ramping, percentage=percentage).deployments
    manner = moves.Manner(at_once=4, hold_back=True, as_json=False)
    assert await upgrade._ramp(cast(Client, None), deployment, Build("certpath", "v2"), 5, manner) == 0
    assert asked == [also]
