"""Digests are the same for ever: what was taken before is recognised by every later build."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model

from domain import digests
from domain.commands import Activity, Message, SubmitRecertification, Suspend, UpdateContact
from domain.digests import digest_of, matches
from tests.cases import each
from tests.formats.digests import KINDS, MESSAGES_FILE, faults, read
from tests.formats.kept import examples

KEPT = examples(MESSAGES_FILE)


@each("example", KEPT)
def test_a_message_of_any_age_is_read_and_keeps_its_digest(example: dict[str, Any]) -> None:
    message = read(example["message"], example["payload"])
    assert digest_of(message) == example["digest"]
    assert matches(example["digest"], message)


def test_every_message_and_each_of_its_fields_has_a_kept_example() -> None:
    assert {one["message"] for one in KEPT} == set(KINDS)
    assert list(faults()) == []


def test_two_examples_have_one_digest_only_where_they_say_the_same() -> None:
    by_digest: dict[str, list[Any]] = {}
    for one in KEPT:
        message = read(one["message"], one["payload"])
        by_digest.setdefault(one["digest"], []).append(message.model_copy(update={"message_id": None}))
    for same in by_digest.values():
        assert all(digest_of(one) == digest_of(same[0]) for one in same)
        assert len({type(one) for one in same}) == 1
    assert len(by_digest) > len(KINDS)


def _with(kind: type[Any], **fields: Any) -> type[Any]:
    """The same kind of message in a later build, in a class of another name."""
    extended: type[Any] = create_model(f"Renamed{kind.__name__}", __base__=kind, **fields)
    return extended


BY = {"reason": "r", "by": "M. Vogel"}


def test_a_new_optional_field_and_another_name_of_the_class_change_no_digest() -> None:
    later = _with(Suspend, until=(str | None, None), kinds=(tuple[str, ...], Field(default_factory=tuple)))
    assert digest_of(later(**BY)) == digest_of(later(**BY, until=None)) == digest_of(Suspend(**BY))
    assert digest_of(later(**BY, until="x")) != digest_of(Suspend(**BY))
    assert matches(digest_of(Suspend(**BY)), later(**BY))


def test_a_new_optional_field_of_an_object_in_a_message_changes_no_digest() -> None:
    activity = {"title": "A course", "completed_on": "2026-01-05"}
    inner = _with(Activity, provider=(str | None, None), online=(bool, False))
    later = _with(SubmitRecertification, activities=(tuple[inner, ...], ...))  # type: ignore[valid-type]
    document = {"submission_id": "E-1", "activities": [activity]}
    known = digest_of(SubmitRecertification.model_validate(document))
    assert digest_of(later.model_validate(document)) == known
    given = {"submission_id": "E-1", "activities": [{**activity, "online": True}]}
    assert digest_of(later.model_validate(given)) != known


def test_a_value_that_is_given_as_its_default_is_not_given() -> None:
    later = _with(Suspend, weight=(Decimal, Decimal(1)))
    assert digest_of(later(**BY, weight=Decimal("1.0"))) == digest_of(Suspend(**BY))


def test_false_is_something_else_than_nothing() -> None:
    said = {digest_of(UpdateContact(name="Ana", publish=publish)) for publish in (None, True, False)}
    assert len(said) == 3


@each("known", ["", "1", "1:", "2:abc", "abc", "0" * 20, ":", "9:"])
def test_a_digest_that_cannot_be_compared_matches_nothing(known: str) -> None:
    assert not matches(known, Suspend(**BY))


def test_a_second_version_leaves_what_the_first_made_recognisable(monkeypatch: pytest.MonkeyPatch) -> None:
    message = Suspend(**BY)
    before = digest_of(message)
    monkeypatch.setattr(digests, "_VERSIONS", {**digests._VERSIONS, "2": lambda one: one.message})
    monkeypatch.setattr(digests, "VERSION", "2")
    assert digest_of(message) == "2:suspend"
    assert matches(before, message)
    assert matches("2:suspend", message)
    assert not matches(before, Suspend(reason="r", by="Kim Stone"))
    assert not digests.of_this_version(before)


def test_what_cannot_be_written_for_ever_is_no_part_of_a_digest() -> None:
    later = _with(Suspend, weight=(float, 0.5))
    with pytest.raises(TypeError, match="a digest cannot have a float"):
        digest_of(later(**BY, weight=0.25))


def test_the_words_of_a_vocabulary_are_texts() -> None:
    class Colour(StrEnum):
        RED = "red"

    later = _with(Suspend, colour=(Colour | None, None))
    text = _with(Suspend, colour=(str | None, None))
    assert digest_of(later(**BY, colour=Colour.RED)) == digest_of(text(**BY, colour="red"))


def test_every_kind_of_message_is_a_model_with_a_name() -> None:
    for name, kind in KINDS.items():
        assert issubclass(kind, BaseModel)
        assert kind.message == name
    assert Message.__annotations__["message_id"]
