"""A worker that dies once after the first success of each activity that it is told, before it can say so.

`python dying_worker.py FOLDER ACTIVITY...`; a file in the folder remembers that it has died of an activity.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from temporalio import activity, client, worker
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from runtime.connection import connect
from runtime.logs import configure
from runtime.settings import Settings
from worker import build_worker


class _Death(client.Interceptor, worker.Interceptor):
    """A client's interceptor that is a worker's too is used by every worker of that client."""

    def __init__(self, folder: Path, activities: set[str]) -> None:
        self.folder = folder
        self.activities = activities

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Dies(next, self)


class _Dies(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, death: _Death) -> None:
        super().__init__(following)
        self._death = death

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        name = activity.info().activity_type
        died_of_it = self._death.folder / name
        if name in self._death.activities and not died_of_it.exists():
            died_of_it.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


async def main(folder: Path, activities: set[str]) -> None:
    configure("json")
    connected = await connect(interceptors=[_Death(folder, activities)])
    async with build_worker(connected, Settings.from_environment()):
        sys.stderr.write("worker ready\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), set(sys.argv[2:])))
