"""Single things that are stored or sent, as builds of every age have written them, one in a line.

`events.jsonl` and `effects.jsonl` have every kind, with all fields and with those that must be given; the record stores
events singly. `requests.jsonl` has the requests to activities and their answers, and `notices.jsonl` the facts of each
notice: a notice that waited while its candidacy moved is rendered by the templates of another build.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from activities import requests
from activities.rendering import Renderer, TemplateFault
from domain.effects import Effect, LaterEffect, StoredEffect
from domain.events import EVENT_TYPES, EVENTS, LaterEvent
from domain.formats import CHAIN, FORMAT
from domain.notices import NOTICES
from tests.formats.kept import FOLDER, Addition, as_line, examples
from tests.formats.newer import lost
from tests.samples import build
from tests.unit.activities import notice_samples
from views.timeline import summary_of

EVENTS_FILE = FOLDER / "events.jsonl"
EFFECTS_FILE = FOLDER / "effects.jsonl"
REQUESTS_FILE = FOLDER / "requests.jsonl"
NOTICES_FILE = FOLDER / "notices.jsonl"

EFFECTS: TypeAdapter[Any] = TypeAdapter(StoredEffect)
EFFECT_TYPES: dict[str, type[BaseModel]] = {kind.__name__: kind for kind in get_args(get_args(Effect)[0])}
SHAPES: dict[str, type[BaseModel]] = {
    name: shape
    for name, shape in vars(requests).items()
    if isinstance(shape, type) and issubclass(shape, requests.Shape) and shape is not requests.Shape
}


def additions() -> Iterator[Addition]:
    """The examples that are not kept yet: a new kind, or one with fields that no kept example has."""
    yield from _new(EVENTS_FILE, EVENT_TYPES, "events")
    yield from _new(EFFECTS_FILE, EFFECT_TYPES, "effects")
    yield from _new(REQUESTS_FILE, SHAPES, "requests and answers of activities")
    known = [one for one in examples(NOTICES_FILE) if one["format"] == FORMAT]
    lines: list[str] = []
    for notice, facts in _facts():
        if not set(paths(facts)) <= {path for one in known if one["kind"] == notice for path in paths(one["document"])}:
            example = {"format": FORMAT, "kind": notice, "document": facts}
            known.append(example)
            lines.append(as_line(example))
    if lines:
        yield Addition(NOTICES_FILE, tuple(lines), f"{len(lines)} facts of notices")


def _new(path: Path, kinds: Mapping[str, type[BaseModel]], what: str) -> Iterator[Addition]:
    known = [one for one in examples(path) if one["format"] == FORMAT]
    lines = []
    for name, kind in kinds.items():
        seen = {place for one in known if one["kind"] == name for place in paths(one["document"])}
        full, least = (build(kind, full=full).model_dump(mode="json") for full in (True, False))
        if not set(paths(full)) <= seen:
            documents = (full, least) if not seen else (full,)
            lines += [as_line({"format": FORMAT, "kind": name, "document": document}) for document in documents]
    if lines:
        yield Addition(path, tuple(lines), f"{len(lines)} examples of {what}")


def paths(value: Any, inside: str = "") -> Iterator[str]:
    """The path of each field in a document; the entries of a list count as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{inside}{name}"
            yield from paths(inner, f"{inside}{name}.")
    if isinstance(value, list):
        for entry in value:
            yield from paths(entry, inside)


def _facts() -> Iterator[tuple[str, dict[str, Any]]]:
    for event in notice_samples.EVENTS:
        yield notice_samples.kebab(event), json.loads(json.dumps(notice_samples.facts(event)))


# --- reading ------------------------------------------------------------------------------------------------


def read_event(example: dict[str, Any]) -> Any:
    """The event in an example of any format."""
    return EVENTS.validate_python(CHAIN.event(example["document"], example["format"]))


def read_effect(example: dict[str, Any]) -> Any:
    """The effect in an example of any format."""
    document = example["document"]
    for step in CHAIN.steps[example["format"] - 1 :]:
        document = step.effect(document)
    return EFFECTS.validate_python(document)


def read_request(example: dict[str, Any]) -> Any:
    """The request or answer in an example.

    A programme in it goes through the steps, as the one that the candidacy keeps of it does. No build reads the
    programme of another one in an answer: a run is pinned to its build.
    """
    document = example["document"]
    if isinstance(document.get("programme"), dict):
        document = {**document, "programme": CHAIN.programme(document["programme"], example["format"])}
    return SHAPES[example["kind"]].model_validate(document)


def render(example: dict[str, Any]) -> str:
    """The text of the notice with these facts.

    Raises:
        TemplateFault: the template of today does not fit them.
    """
    return Renderer().render(example["kind"], "Ana Ruiz", example["document"])[1]


READERS: dict[Path, Callable[[dict[str, Any]], Any]] = {
    EVENTS_FILE: read_event,
    EFFECTS_FILE: read_effect,
    REQUESTS_FILE: read_request,
}


def faults() -> Iterator[str]:
    """The examples that today's code does not read as they were meant, in sentences."""
    for path, reader in READERS.items():
        for number, example in enumerate(examples(path), start=1):
            fault = _fault(reader, example)
            if fault:
                yield f"tests/formats/{path.name}, line {number}: {example['kind']} {fault} (docs/changing.md)"
    for number, example in enumerate(examples(NOTICES_FILE), start=1):
        try:
            render(example)
        except TemplateFault as error:
            yield (
                f"tests/formats/{NOTICES_FILE.name}, line {number}: {error} A notice of an older build may still wait:"
                " the template must do without what those facts do not have"
            )
    for notice in sorted(NOTICES - {notice for notice, _ in _facts()}):
        yield f"the notice {notice} has no example: add its event to tests/unit/activities/notice_samples.py"


def _fault(reader: Callable[[dict[str, Any]], Any], example: dict[str, Any]) -> str:
    if reader is read_request and example["kind"] not in SHAPES:
        return "is gone: histories and waiting activities still have it"
    try:
        read = reader(example)
        if isinstance(read, LaterEvent | LaterEffect):
            return "is not known any more: stored ones must stay readable"
        if reader is read_event:
            summary_of(read)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return f"cannot be read any more: {'; '.join(faults)}"
    except (ValueError, KeyError, TypeError) as error:
        return f"cannot be read any more: {error!r}"
    gone = list(lost(example["document"], read.model_dump(mode="json"))) if example["format"] == FORMAT else []
    return f"is not read whole: {', '.join(gone)}" if gone else ""
