"""`starter.py demo`: the whole story on servers of its own."""

import asyncio
from collections.abc import Sequence

import demo
from cli import card, exits, output, tables
from cli.options import verb
from cli.verbs import timeline
from runtime import interrupts
from runtime.embedded import ServerFailed
from views.entries import TimelineEntry
from views.status import StatusView

COLUMNS = ("candidate", "for", "status", "requirements", "what happens next", "needs attention")

_ABOUT = """\
Plays the people and results of examples/ on an embedded Temporal server, then a few lives of many years on a server
that skips time. Needs nothing running, leaves nothing behind.
"""


@verb("demo", _ABOUT, "")
def command() -> int:
    """Play both parts."""
    return asyncio.run(_play())


async def _play() -> int:
    playing = asyncio.ensure_future(demo.play(_Shown()))
    # A demo that is stopped must not leave its servers behind.
    with interrupts.Calling(asyncio.get_running_loop(), playing.cancel):
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

    def candidates(self, statuses: Sequence[StatusView]) -> None:
        tables.table(COLUMNS, [_row(status) for status in statuses])

    def timeline(self, events: Sequence[TimelineEntry]) -> None:
        timeline.show(events)


def _row(status: StatusView) -> tuple[str, ...]:
    return (
        f"{status.candidate_id} {status.name}",
        status.designation,
        status.status,
        card.requirements(status),
        card.upcoming(status),
        ", ".join(status.attention),
    )
