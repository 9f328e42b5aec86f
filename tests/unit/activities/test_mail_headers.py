"""The headers of a mail name one sender and one recipient, whatever a name is made of."""

from email import message_from_string, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from activities.notices import message_of
from activities.rendering import Renderer
from activities.requests import NoticeRequest
from tests.cases import each
from tests.unit.activities.notice_samples import EVENTS, facts, request

RENDERER = Renderer()
PIECES = st.sampled_from([*"ab,;:<>()[]@.\"\\=?_ 'é名", "\u0301", "\u200d", "😀", "x@evil.example", "=?utf-8?q?a?="])
NAMES = st.lists(PIECES, max_size=200).map("".join)
LONG_HOST = ".".join(["b" * 60] * 3)
ADDRESSES = ["ana@example.org", f"{'a' * 64}@{LONG_HOST}.example", "an\u00e1@example.org", f"{'é' * 60}@{LONG_HOST}"]
HOSTILE = [
    "archive@attacker.example, Ana Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria",
    "Ana Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria <archive@attacker.example>, Ana",
    "attackers: Ana Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria Maria, archive@attacker.example;",
    "Ána María María María María María María María María María María María, archive@attacker.example, Ana",
]


def head_of(name: str, email: str, **changes: Any) -> str:
    """The headers of a mail to this person, as they are sent."""
    # model_construct: what a validated request could never hold is tried here all the same.
    fields: dict[str, Any] = {field: getattr(request(), field) for field in NoticeRequest.model_fields}
    notice = NoticeRequest.model_construct(**fields | {"to_name": name, "to_email": email} | changes)
    return message_of(notice, RENDERER).as_bytes().partition(b"\r\n\r\n")[0].decode()


def parsed(head: str) -> EmailMessage:
    message = message_from_string(head, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def addresses_of(head: str, header: str) -> list[str]:
    """The addresses in a header, on which both parsers of the standard library must agree."""
    found = [address.addr_spec for address in parsed(head)[header].addresses]
    assert [address for _, address in getaddresses([message_from_string(head)[header]])] == found
    return found


@each("email", ADDRESSES)
@settings(max_examples=40, deadline=None)
@given(name=NAMES)
@example(name=HOSTILE[0])
@example(name=HOSTILE[1])
@example(name=HOSTILE[2])
@example(name=HOSTILE[3])
def test_exactly_one_recipient_is_read_back_whatever_the_name(email: str, name: str) -> None:
    head = head_of(name, email)
    assert addresses_of(head, "To") == [email]
    assert parsed(head).keys()[:4] == ["From", "To", "Subject", "Date"]


@each("name", HOSTILE)
def test_exactly_one_sender_is_read_back_whatever_the_name_of_the_body(name: str) -> None:
    given_facts = facts(EVENTS[4])
    body = {**given_facts["body"], "name": name}
    head = head_of("Ana Ruiz", "ana@example.org", facts={**given_facts, "body": body})
    assert addresses_of(head, "From") == ["info@ciac-cert.org"]


@each(
    ("name", "shown"),
    [
        ("Ána Ruíz-Ærø 安娜", "Ána Ruíz-Ærø 安娜"),
        ("Dr. Ana O'Ruiz", "Dr. Ana O'Ruiz"),
        ("Ruiz, Ana (Maria)", "Ruiz Ana Maria"),
        ("x" * 100, "x" * 70),
    ],
)
def test_the_header_shows_a_plain_name_as_it_is(name: str, shown: str) -> None:
    (to,) = parsed(head_of(name, "ana@example.org"))["To"].addresses
    assert to.display_name == shown


def test_the_greeting_keeps_the_whole_name() -> None:
    text = message_of(request(to_name=HOSTILE[0]), RENDERER).get_content()
    assert f"Dear {HOSTILE[0]}," in " ".join(text.split())
