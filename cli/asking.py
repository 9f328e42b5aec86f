"""Asks each of many candidacies where it stands, and shows on stderr how far that has come."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing, nullcontext

from cli.progress import Progress
from client import asking
from client.asking import Answer, Heard
from client.connection import Client
from client.finding import Entry

# Below this number no progress is shown.
_FEW = 50


async def statuses(
    client: Client, entries: Iterable[Entry] | AsyncIterable[Entry], total: int
) -> AsyncGenerator[Answer, None]:
    """What each of them answers, of `total`; those that were deleted meanwhile are left out.

    Raises as `client.asking.statuses` does.
    """
    with Progress("asking", total) if total > _FEW else nullcontext() as progress:
        async with aclosing(asking.statuses(client, entries)) as answers:
            async for answer in answers:
                if progress:
                    progress.advance()
                if answer.heard is not Heard.GONE:
                    yield answer
