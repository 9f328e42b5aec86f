"""The bare workflow, with which Certpath is compared: the same messages, upserts, effects and timer, but no rules.

It is a durable entity like Certpath's: an update is answered at once, effects wait in a queue and are carried out in
order, and one timer runs. A `Shape` says what it does after each message. It has an activity for each effect, as a
workflow written by hand would. Certpath sends notices that wait for one another by one activity. The activities of the
bare workflow carry a short key and do nothing, so that the cost of a notice counts for Certpath alone.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import SearchAttributeUpdate

from bench.shape import Shape

with workflow.unsafe.imports_passed_through():
    from runtime import search_attributes

NAME = "BareJourney"
MESSAGES = ("record_assessment_result", "submit_work_product", "review_work_product")
_KEYS = {key.name: key for key in search_attributes.ALL}


@activity.defn
def do_nothing(_key: str) -> None:
    """Stands for a notice."""


@workflow.defn(name=NAME)
class BareJourney:
    """Takes messages, counts them, and does as much after each as Certpath does, without any rule."""

    @workflow.init
    def __init__(self, _registration: dict[str, Any], shape: Shape) -> None:
        self._shape = shape
        self._taken = 0
        self._queue: list[str] = []
        for name in MESSAGES:
            workflow.set_update_handler(name, self._take)

    @workflow.run
    async def run(self, _registration: dict[str, Any], _shape: Shape) -> None:
        timer = asyncio.create_task(workflow.sleep(timedelta(days=365), summary="The one timer"))
        self._follow(0)  # an update may have arrived before the start
        while not timer.done():
            await workflow.wait_condition(lambda: bool(self._queue) or timer.done())
            while self._queue:
                await workflow.execute_activity(
                    do_nothing,
                    self._queue[0],
                    start_to_close_timeout=timedelta(minutes=2),
                    summary="do nothing",
                )
                del self._queue[0]

    async def _take(self, _payload: dict[str, Any]) -> dict[str, Any]:
        self._taken += 1
        self._follow(self._taken)
        return {"status": "testing", "events": ["Taken"], "duplicate": False, "sequence": self._taken}

    def _follow(self, number: int) -> None:
        """Does what the shape says for a message; the start is number 0."""
        if number < len(self._shape.steps):
            step = self._shape.steps[number]
            self._queue += [f"{workflow.info().workflow_id}:{number}:{one}" for one in range(step.effects)]
            for names in step.upserts:
                workflow.upsert_search_attributes([_value(name, number) for name in names])


def _value(name: str, number: int) -> SearchAttributeUpdate[Any]:
    """A value of the right type, different for each message."""
    values: dict[str, Any] = {
        "Keyword": f"step-{number}",
        "KeywordList": [f"step-{number}"],
        "Int": number,
        "Datetime": workflow.now() + timedelta(days=number),
    }
    key = _KEYS[name]
    return key.value_set(values[search_attributes.type_name(key)])
