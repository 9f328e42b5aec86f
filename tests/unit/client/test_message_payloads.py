"""JSON texts of messages: sent as they were written, or refused with the place of the mistake."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from client.errors import BadInput, NotJson
from client.payloads import instant, parsed, with_message_id
from tests.cases import each


def test_a_payload_keeps_every_digit_and_gets_a_message_id() -> None:
    sent = with_message_id(b' {"percentage": 74.99999999999999999}\n')
    assert b"74.99999999999999999" in sent
    assert json.loads(sent, parse_float=Decimal)["percentage"] == Decimal("74.99999999999999999")
    assert len(json.loads(sent)["message_id"]) == 36
    assert set(json.loads(with_message_id(b"{}"))) == {"message_id"}


@each(
    ("text", "sent"),
    [
        (b'{"message_id": "mine", "a": 7.0}', b'{"message_id": "new", "a": 7.0}'),
        (
            b' {"a": {"message_id": 1, "b": [",", "}"]} , "message_id" :null}',
            b'{"a": {"message_id": 1, "b": [",", "}"]} , "message_id" :"new"}',
        ),
        (
            b'{"a": 74.99999999999999999,"message_id":"m","b":"\xc3\xa9"}',
            b'{"a": 74.99999999999999999,"message_id":"new","b":"\xc3\xa9"}',
        ),
        (b'{"message\\u005fid": "mine"}', b'{"message\\u005fid": "new"}'),
        (b"{}", b'{"message_id":"new"}'),
    ],
)
def test_another_message_id_stands_where_the_own_one_stood(text: bytes, sent: bytes) -> None:
    assert with_message_id(text, "new") == sent


def test_a_message_id_that_is_null_is_one_that_is_not_given() -> None:
    sent = json.loads(with_message_id(b'{"message_id": null, "publish": true}'))
    assert sent["publish"] is True
    assert len(sent["message_id"]) == 36


def test_a_message_id_may_hold_quotes() -> None:
    assert json.loads(with_message_id(b"{}", 'a"b\\')) == {"message_id": 'a"b\\'}


@each(
    ("text", "told"),
    [
        (b'{"a": 1, "a": 1}', 'The payload has the field "a" twice: remove one.'),
        (b'{"responses": {"1": "B", "1": "D"}}', 'The payload has the field "1" twice: remove one.'),
        (b'{"message_id": null, "message_id": "m"}', 'The payload has the field "message_id" twice: remove one.'),
    ],
)
def test_a_field_that_is_given_twice_is_named(text: bytes, told: str) -> None:
    with pytest.raises(BadInput) as stop:
        with_message_id(text)
    assert stop.value.sentence == told


def test_a_message_id_that_is_given_stays() -> None:
    assert with_message_id(b'\xef\xbb\xbf{"message_id": "mine"}') == b'{"message_id": "mine"}'


@each(
    ("text", "told"),
    [
        (b"", "line 1, column 1"),
        (b'{"a": 1,\n  "b" 2}', "line 2, column 7"),
        (b' \n {"a": ', "line 2, column 8"),
        (b"[1]", "an array"),
        (b'"x"', "a string"),
        (b"7", "a number"),
        (b"true", "true or false"),
        (b"null", "null"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "' + b"x" * 1_600_000 + b'"}', "1500000"),
    ],
)
def test_a_payload_that_is_no_json_object_is_bad_input(text: bytes, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        with_message_id(text)
    assert told in caught.value.sentence


def test_a_mistake_has_its_place_and_the_name_of_the_text() -> None:
    with pytest.raises(NotJson, match=r"^--responses is not JSON") as caught:
        parsed(b'{"a": 1,\n  "b" 2}', "--responses")
    assert (caught.value.line, caught.value.column) == (2, 7)


def test_an_instant_is_utc_to_the_second() -> None:
    assert instant(datetime.fromisoformat("2026-11-22T09:00:00.5-06:00")) == "2026-11-22T15:00:00Z"
