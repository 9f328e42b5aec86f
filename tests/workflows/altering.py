"""Alterations of recorded histories: as if the workflow's code were another one, or as if a history were damaged."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from typing import Any

from temporalio.client import WorkflowHistory

Event = dict[str, Any]
Alteration = Callable[[list[Event]], list[Event]]


def altered(history: WorkflowHistory, alter: Alteration) -> WorkflowHistory:
    """The history with its events altered, and numbered anew."""
    events = alter(document(history)["events"])
    numbers = {event["eventId"]: str(number) for number, event in enumerate(events, 1)}
    return WorkflowHistory.from_json(history.workflow_id, {"events": [_numbered(event, numbers) for event in events]})


def document(history: WorkflowHistory) -> dict[str, Any]:
    """The history as JSON."""
    parsed: dict[str, Any] = json.loads(history.to_json())
    return parsed


def _numbered(value: Any, numbers: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: numbers.get(part, part) if key.lower().endswith("eventid") else _numbered(part, numbers)
            for key, part in value.items()
        }
    return [_numbered(part, numbers) for part in value] if isinstance(value, list) else value


def kind_of(event: Event) -> str:
    """The kind of an event in short, such as `TIMER_STARTED`."""
    kind: str = event["eventType"]
    return kind.removeprefix("EVENT_TYPE_").removeprefix("WORKFLOW_EXECUTION_")


def _place(events: list[Event], kind: str, number: int = 0) -> int:
    """Where in the history the event of this kind is: the first one, unless another is asked for."""
    return [place for place, event in enumerate(events) if kind_of(event) == kind][number]


def attributes(event: Event) -> dict[str, Any]:
    """What an event says, which is under another key for each kind."""
    found: dict[str, Any] = next(part for key, part in event.items() if key.endswith("EventAttributes"))
    return found


# --- commands of other kinds, or in another order: the SDK's replayer sees it ----------------------------------


def an_activity_for_a_timer(events: list[Event]) -> list[Event]:
    timer = events[_place(events, "TIMER_STARTED")]
    said = timer.pop("timerStartedEventAttributes")
    timer["eventType"] = "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
    timer["activityTaskScheduledEventAttributes"] = {
        "activityId": said["timerId"],
        "activityType": {"name": "send_notice"},
    }
    return events


def another_activity(events: list[Event]) -> list[Event]:
    for event in events:
        if kind_of(event) == "ACTIVITY_TASK_SCHEDULED" and attributes(event)["activityType"]["name"] == "send_notice":
            attributes(event)["activityType"]["name"] = "send_letter"
    return events


def a_timer_for_an_upsert(events: list[Event]) -> list[Event]:
    upsert = events[_place(events, "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")]
    del upsert["upsertWorkflowSearchAttributesEventAttributes"]
    upsert["eventType"] = "EVENT_TYPE_TIMER_STARTED"
    upsert["timerStartedEventAttributes"] = {"timerId": "1", "startToFireTimeout": "60s"}
    return events


def an_upsert_removed(events: list[Event]) -> list[Event]:
    del events[_place(events, "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", -1)]
    return events


def a_timer_removed(events: list[Event]) -> list[Event]:
    """The last timer, with its end."""
    place = _place(events, "TIMER_STARTED", -1)
    number = attributes(events[place])["timerId"]
    ends = ("TIMER_STARTED", "TIMER_FIRED", "TIMER_CANCELED")
    return [event for event in events if kind_of(event) not in ends or attributes(event)["timerId"] != number]


def a_message_removed(events: list[Event]) -> list[Event]:
    """The last update: as if it had never been taken, while its consequences stand."""
    said = attributes(events[_place(events, "UPDATE_ACCEPTED", -1)])
    number = said["protocolInstanceId"]
    mine = {event["eventId"] for event in events if attributes(event).get("protocolInstanceId") == number}
    return [
        event
        for event in events
        if event["eventId"] not in mine and attributes(event).get("acceptedEventId") not in mine
    ]


def two_commands_swapped(events: list[Event]) -> list[Event]:
    """The first activity that follows another command of the same task comes before it."""
    for place, (event, following) in enumerate(itertools.pairwise(events)):
        kinds = (kind_of(event), kind_of(following))
        if kinds == ("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", "ACTIVITY_TASK_SCHEDULED"):
            return [*events[:place], following, event, *events[place + 2 :]]
    raise AssertionError("no two such commands")


def the_end_too_early(events: list[Event]) -> list[Event]:
    """The commands of the first tasks, and at once the end."""
    place = _place(events, "WORKFLOW_TASK_COMPLETED", 2)
    return [*events[: place + 1], events[-1]]


def another_message(events: list[Event]) -> list[Event]:
    said = attributes(events[_place(events, "UPDATE_ACCEPTED", -1)])["acceptedRequest"]["input"]
    said["name"], said["args"] = "withdraw", {"payloads": [_payload("{}")]}
    return events


def two_messages_swapped(events: list[Event]) -> list[Event]:
    first, second = (attributes(events[_place(events, "UPDATE_ACCEPTED", number)]) for number in (0, 1))
    one, other = first["acceptedRequest"]["input"], second["acceptedRequest"]["input"]
    first["acceptedRequest"]["input"], second["acceptedRequest"]["input"] = other, one
    return events


STRUCTURAL: dict[str, Alteration] = {
    alter.__name__: alter
    for alter in (
        an_activity_for_a_timer,
        another_activity,
        a_timer_for_an_upsert,
        an_upsert_removed,
        a_timer_removed,
        a_message_removed,
        two_commands_swapped,
        the_end_too_early,
        another_message,
        two_messages_swapped,
    )
}


# --- commands of the same kinds with other contents: only the comparison sees it --------------------------------


def a_longer_timer(events: list[Event]) -> list[Event]:
    attributes(events[_place(events, "TIMER_STARTED")])["startToFireTimeout"] = "60s"
    return events


def another_request(events: list[Event]) -> list[Event]:
    _rewrite(attributes(events[_place(events, "ACTIVITY_TASK_SCHEDULED", 1)])["input"]["payloads"][0], "Ana", "Eva")
    return events


def another_attribute(events: list[Event]) -> list[Event]:
    upsert = attributes(events[_place(events, "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")])
    _rewrite(upsert["searchAttributes"]["indexedFields"]["CertificationStatus"], "awaiting", "expecting")
    return events


def another_receipt(events: list[Event]) -> list[Event]:
    answer = attributes(events[_place(events, "UPDATE_COMPLETED")])["outcome"]["success"]["payloads"][0]
    _rewrite(answer, '"duplicate":false', '"duplicate":true')
    return events


def another_answer_of_an_activity(events: list[Event]) -> list[Event]:
    """As if the scheme had been another one when the candidate was registered."""
    answer = attributes(events[_place(events, "ACTIVITY_TASK_COMPLETED")])["result"]["payloads"][0]
    _rewrite(answer, '"purchase_days":90', '"purchase_days":60')
    return events


def a_message_twice(events: list[Event]) -> list[Event]:
    """The first signal, as if it had come once more."""
    place = _place(events, "SIGNALED")
    return [*events[: place + 1], {**events[place], "eventId": "0"}, *events[place + 1 :]]


CONTENTS: dict[str, Alteration] = {
    alter.__name__: alter
    for alter in (
        a_longer_timer,
        another_request,
        another_attribute,
        another_receipt,
        another_answer_of_an_activity,
        a_message_twice,
    )
}


def _payload(text: str) -> dict[str, Any]:
    encoding = base64.b64encode(b"json/plain").decode()
    return {"metadata": {"encoding": encoding}, "data": base64.b64encode(text.encode()).decode()}


def _rewrite(payload: dict[str, Any], old: str, new: str) -> None:
    text = base64.b64decode(payload["data"]).decode()
    assert old in text, text
    payload["data"] = base64.b64encode(text.replace(old, new).encode()).decode()
