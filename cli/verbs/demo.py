"""`starter.py demo`: the whole story on servers of its own."""

import argparse
import signal
from typing import TYPE_CHECKING, Any

from cli import exits, output
from cli.verbs import timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from views.status import StatusView

COLUMNS = ("candidate", "for", "status", "requirements", "what happens next", "needs attention")


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "demo",
        help="watch candidates of all four designations, then end",
        description=(
            "Plays the people and results of examples/ on an embedded Temporal server, then a few lives "
            "of many years on a server that skips time. Needs nothing running, leaves nothing behind."
        ),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plays both parts."""
    import asyncio

    return asyncio.run(_play())


async def _play() -> int:
    import asyncio

    import demo
    from runtime.embedded import ServerFailed

    playing = asyncio.ensure_future(demo.play(_Shown()))
    # A demo that is stopped must not leave its servers behind.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        return exits.INTERRUPTED
    except ServerFailed as error:
        raise exits.Unreachable(str(error)) from error
    return exits.DONE


class _Shown:
    """Shows the demonstration as the verbs show such things: it is a `demo.Narrator`."""

    say = staticmethod(output.say)
    line = staticmethod(output.line)

    def candidates(self, statuses: "Sequence[StatusView]") -> None:
        output.table(COLUMNS, [_row(status) for status in statuses])

    def timeline(self, events: "Sequence[dict[str, Any]]") -> None:
        timeline.show(events)


def _row(status: "StatusView") -> tuple[str, ...]:
    from cli import card

    return (
        f"{status.candidate_id} {status.name}",
        status.designation,
        status.status,
        card.requirements(status),
        card.upcoming(status),
        ", ".join(status.attention),
    )
