"""A worker that dies when the activities that it is told have succeeded, before it can say so: once of each.

`python dying_worker.py FOLDER ACTIVITIES...`: each argument is a death, as `open_advancement` or `score+send`. The
worker dies the deaths in this order. Of two activities it dies when both have succeeded: the one that succeeds first
says nothing until then. A file in the folder remembers that the worker has died of an activity.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from temporalio import activity, client, worker
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from runtime.clients import connect
from runtime.logs import configure
from runtime.settings import Settings
from worker import build_worker


class _Death(client.Interceptor, worker.Interceptor):
    """A client's interceptor that is a worker's too is used by every worker of that client."""

    def __init__(self, folder: Path, deaths: list[set[str]]) -> None:
        self._folder = folder
        died_of = {path.name for path in folder.iterdir()}
        self._activities = next((activities for activities in deaths if not activities <= died_of), set())
        self._succeeded: set[str] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Dies(next, self)

    async def succeeded(self, name: str) -> None:
        """Returns only where the worker does not die of this activity."""
        if name not in self._activities:
            return
        self._succeeded.add(name)
        if self._succeeded == self._activities:
            for activity_type in self._activities:
                (self._folder / activity_type).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.Event().wait()


class _Dies(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, death: _Death) -> None:
        super().__init__(following)
        self._death = death

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        await self._death.succeeded(activity.info().activity_type)
        return answer


async def main(folder: Path, deaths: list[set[str]]) -> None:
    configure("json")
    connected = await connect(interceptors=[_Death(folder, deaths)])
    async with build_worker(connected, Settings.from_environment()):
        sys.stderr.write("worker ready\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), [set(death.split("+")) for death in sys.argv[2:]]))
