"""A bulk act from its plan to its report: bad rows told, outcomes written down, progress shown, an exit code given."""

import argparse
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cli import answers, exits, output
from cli.bulk.outcomes import NOT_REACHED, Item, OutcomeFile
from cli.candidates import Candidacy
from cli.progress import Progress
from feeds.checking import Entry, Sheet
from feeds.table import Problem
from runtime.settings import STATE

if TYPE_CHECKING:
    from temporalio.client import Client

T = TypeVar("T")
Tell = Callable[[Item, str], None]

_BAD = "bad"
_SHOWN = 20
_TOLD = 1000


@dataclass(frozen=True)
class Plan:
    """What is to be done: every line of the outcome file, what is known of some of them, and where the file is.

    `good` are the outcomes after which nobody has to do anything: only with these the exit code is 0.
    """

    what: str
    path: Path
    columns: tuple[str, ...]
    items: Sequence[Item]
    good: frozenset[str]
    known: Mapping[int, str] = field(default_factory=dict)


def outcome_path(args: argparse.Namespace, source: str, verb: str, *, dry_run: bool | None = None) -> Path:
    """Where the outcome file of an input file stands: beside it, unless told; of stdin in var/outcomes."""
    if args.outcome is not None:
        path: Path = args.outcome
        return path
    ending = ".dry-run.csv" if (args.dry_run if dry_run is None else dry_run) else ".outcome.csv"
    if source == "-":
        return STATE / "outcomes" / f"{verb}-stdin{ending}"
    # Only this suffix gives way: feed.jsonl and feed.csv are two files.
    return Path(f"{source.removesuffix('.csv')}{ending}")


def without_bad_rows(sheet: Sheet, source: str, *, skip: bool) -> dict[int, list[Problem]]:
    """The problems by line, told on stderr. Raises `exits.BadInput` unless the bad rows are to be skipped."""
    for column in sheet.ignored:
        output.say(f"Column {column!r} is not known and is ignored.")
    by_line: dict[int, list[Problem]] = {}
    for problem in sheet.problems:
        by_line.setdefault(problem.line, []).append(problem)
    if not by_line:
        return {}
    name = "stdin" if source == "-" else source
    told = f"{len(by_line):,} of {sheet.rows:,} rows of {name} {'is' if len(by_line) == 1 else 'are'} bad"
    if not skip:
        raise exits.BadInput(
            f"{told}, so nothing was started. Mend them, or leave them out with --skip-bad:",
            _lines(sheet.problems),
            problems=[problem._asdict() for problem in sheet.problems],
        )
    output.say(f"{told} and left out:")
    for line in _lines(sheet.problems):
        output.say(f"  {line}")
    return by_line


def _lines(problems: Sequence[Problem]) -> list[str]:
    """Every problem; of a file that is nothing but problems, as many as anybody would scroll through."""
    more = len(problems) - _TOLD
    return [str(problem) for problem in problems[:_TOLD]] + ([f"and {more:,} more: see --json"] if more > 0 else [])


def candidacy_of(entry: Entry) -> Candidacy:
    """The candidacy that an entry of a file is for."""
    return Candidacy(entry.candidate_id, entry.designation)


def bad(problems: Sequence[Problem]) -> str:
    """The outcome of a bad row."""
    told = (f"{problem.column}: {problem.problem}" if problem.column else problem.problem for problem in problems)
    return f"{_BAD}: {'; '.join(told)}"


async def carry_out(
    plan: Plan, things: Sequence[T], work: Callable[[T, Tell], Awaitable[None]], args: argparse.Namespace
) -> int:
    """Do `work` on all things, which tells the outcome of each item; answers the exit code. Raises `exits.Stop`."""
    from temporalio.service import RPCError

    from cli.bulk.running import run

    file = OutcomeFile(plan.path, plan.columns, plan.items)
    file.begin(plan.known)
    try:
        with Progress(plan.what, len(plan.items) - len(plan.known)) as progress:

            def tell(item: Item, outcome: str) -> None:
                file.record(item, outcome)
                progress.advance()

            async def one(thing: T) -> None:
                try:
                    await work(thing, tell)
                except RPCError as error:
                    raise answers.explained(error) from error

            finished = await run(things, one, args.at_once)
    except BaseException as error:
        with suppress(exits.Stop):
            file.finish()
        if isinstance(error, exits.Stop):
            notes = [*error.notes, _told(plan, file), "Run the same command again: it goes on, and does nothing twice."]
            raise type(error)(error.sentence, notes, **error.facts, **_facts(plan, file)) from error
        raise
    file.finish()
    return _report(plan, file, args, finished=finished)


def _report(plan: Plan, file: OutcomeFile, args: argparse.Namespace, *, finished: bool) -> int:
    others = list(file.of(*(file.counts.keys() - plan.good - {NOT_REACHED, _BAD})))
    for item, outcome in others[:_SHOWN]:
        output.say(f"  line {item.number}, {' '.join(item.cells[:2])}: {outcome}")
    if len(others) > _SHOWN:
        output.say(f"  and {len(others) - _SHOWN:,} more: see the outcome file")
    output.say(_told(plan, file))
    if args.json:
        output.document({**_facts(plan, file), "finished": finished})
    if not finished:
        output.say("Interrupted. Run the same command again: it goes on, and does nothing twice.")
        return exits.INTERRUPTED
    return exits.DONE if file.counts.keys() <= plan.good else exits.REFUSED


def _told(plan: Plan, file: OutcomeFile) -> str:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in file.counts.most_common()) or "nothing to do"
    return f"{plan.what}: {counts}. Outcome file: {plan.path}"


def _facts(plan: Plan, file: OutcomeFile) -> dict[str, Any]:
    return {"rows": len(plan.items), "outcomes": dict(file.counts), "outcome_file": str(plan.path)}


async def outcome_of(client: "Client", stop: exits.Stop) -> str:
    """What a refusal means for one item. Raises it again where it concerns everybody: no worker, or no Temporal."""
    alone = isinstance(stop, exits.NoWorker) and await answers.worker_polls(client)
    if stop.code == exits.UNREACHABLE and not alone:
        raise stop
    kind = {exits.NotFound: "unknown", exits.Closed: "closed", exits.Refused: "refused"}.get(type(stop), "failed")
    # Whom it is about stands in the line, and that it is refused in the word before.
    reason = stop.reason if isinstance(stop, exits.Refused) else stop.sentence
    return f"{kind}: {' '.join([reason, *stop.notes])}"
