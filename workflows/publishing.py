"""Publishes a candidacy to the Temporal UI and to `list`, in its search attributes."""

from __future__ import annotations

import json
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from domain import requirements, rulebook
    from domain.state import State
    from runtime import search_attributes as keys
    from workflows import traces

# The search attribute only serves to find a candidacy, so a flood of attention values need not be published whole. The
# server terminates a workflow that sets a search attribute of more than 2,048 bytes.
PUBLISHED_ATTENTION = 20
_PUBLISHED_BYTES = 1800


class Publisher:
    """Publishes the search attributes that have changed since the last time."""

    def __init__(self) -> None:
        known = workflow.info().typed_search_attributes
        self._published: dict[str, Any] = {key.name: known.get(key) for key in keys.ALL}

    def publish(self, state: State) -> None:
        """Brings the search attributes up to date."""
        current = attributes(state)
        changed = {key: value for key, value in current.items() if not _same(self._published.get(key.name), value)}
        if changed:
            traces.upsert(
                [key.value_unset() if value is None else key.value_set(value) for key, value in changed.items()]
            )
            self._published.update({key.name: value for key, value in changed.items()})


def _same(published: Any, current: Any) -> bool:
    if isinstance(current, list):
        return list(published or []) == current
    return bool(published == current)


def attributes(state: State) -> dict[SearchAttributeKey[Any], Any]:
    """The value of each search attribute; None where it is not set."""
    border = rulebook.next_border(state)
    passed = [one for one in requirements.assessments(state).values() if one.status == "passed"]
    return {
        keys.CANDIDATE_ID: state.candidate_id,
        keys.DESIGNATION: state.designation,
        keys.CERTIFICATION_STATUS: requirements.status(state),
        keys.NEXT_DEADLINE: border.at if border else None,
        keys.ASSESSMENTS_PASSED: len(passed),
        keys.NEEDS_ATTENTION: _attention(state) or None,
    }


def _attention(state: State) -> list[str]:
    """The attention values that fit into the search attribute. The `status` query has them all."""
    shown: list[str] = []
    for value in map(str, state.attention[:PUBLISHED_ATTENTION]):
        if len(json.dumps([*shown, value]).encode()) > _PUBLISHED_BYTES:
            break
        shown.append(value)
    return shown
