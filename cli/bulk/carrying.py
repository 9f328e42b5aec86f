"""A bulk act as people see it: progress, a polite end on Ctrl-C, a report, and an exit code."""

import asyncio
from typing import Any, TypeVar

from cli import exits, output
from cli.bulk.options import Options
from cli.progress import Progress
from client.bulk.act import Act, Plan
from client.bulk.outcomes import Item, Outcome
from client.errors import ClientError
from client.pool import Stopping
from runtime import interrupts

T = TypeVar("T")

_SHOWN = 20


async def carry_out(plan: Plan[T], what: str, options: Options) -> int:
    """Carry the plan out, called `what`, with the options of every bulk verb; answers the exit code.

    Raises `exits.Stop` with what was done so far.
    """
    act = Act(plan)
    stopping = Stopping()
    try:
        with (
            Progress(what, len(plan.items) - len(plan.known)) as progress,
            interrupts.Calling(asyncio.get_running_loop(), lambda: ask_to_stop(stopping)),
        ):

            def on_outcome(_item: Item, _outcome: Outcome) -> None:
                progress.advance()

            finished = await act.carry_out(options.at_once, on_outcome, stopping)
    except ClientError as error:
        if not act.begun:
            raise
        notes = [_counts(act, what), "Run the same command again: it goes on, and does nothing twice."]
        raise exits.of(error, notes, **_facts(act)) from error
    return _report(act, what, as_json=options.as_json, finished=finished)


def ask_to_stop(stopping: Stopping) -> None:
    """Ask once more that the act stops; the first time, say so."""
    if not stopping.times:
        output.say("Stopping: what is under way is being finished. Ctrl-C once more does not wait for it.")
    stopping.ask()


def _report(act: Act[T], what: str, *, as_json: bool, finished: bool) -> int:
    others = act.others
    for item, outcome in others[:_SHOWN]:
        output.say(f"  {act.plan.columns[0]} {item.number}, {' '.join(item.cells[:2])}: {outcome}")
    if len(others) > _SHOWN:
        output.say(f"  and {len(others) - _SHOWN:,} more: see the outcome file")
    if act.known_before:
        output.say(
            f"  {act.known_before:,} closed or unknown, as an earlier run has said already: see the outcome file"
        )
    output.say(_counts(act, what))
    if as_json:
        output.document({**_facts(act), "finished": finished})
    if not finished:
        output.say("Interrupted. Run the same command again: it goes on, and does nothing twice.")
        return exits.INTERRUPTED
    return exits.DONE if act.good else exits.REFUSED


def _counts(act: Act[T], what: str) -> str:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in act.counts.most_common()) or "nothing to do"
    return f"{what}: {counts}. Outcome file: {act.plan.files.path}"


def _facts(act: Act[T]) -> dict[str, Any]:
    counts = {str(kind): count for kind, count in act.counts.items()}
    return {
        "rows": len(act.plan.items),
        "outcomes": counts,
        "known_before": act.known_before,
        "outcome_file": str(act.plan.files.path),
    }
