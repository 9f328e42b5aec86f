"""Notices on their way: files in the outbox, and a real mail server that takes, defers and refuses."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, message_from_string, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.delivery import MailServer, Outbox, carrier
from activities.notices import Notices
from activities.requests import NoticeRequest
from runtime.embedded import free_port
from tests.scheme import recording
from tests.unit.activities.notice_samples import EVENTS, facts, request

PERSONAL = ("Ana", "Ruiz", "ana@", "example.org")


def send(where: Outbox | MailServer, notice: NoticeRequest) -> None:
    asyncio.run(ActivityEnvironment().run(Notices(where, recording()).send_notice, notice))


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def recipient(content: bytes) -> Address:
    """The one recipient in the headers of a mail, which may be written in UTF-8 (RFC 6532)."""
    head = content.partition(b"\r\n\r\n")[0].decode()
    (to,) = message_from_string(head, policy=policy.default)["To"].addresses
    assert isinstance(to, Address)
    return to


def only_file(outbox: Path) -> Path:
    (path,) = outbox.iterdir()
    return path


def refused(where: Outbox | MailServer, notice: NoticeRequest) -> ApplicationError:
    """The failure of this notice, which shows nobody's name or address."""
    with pytest.raises(ApplicationError) as caught:
        send(where, notice)
    assert not any(part in caught.value.message for part in PERSONAL)
    assert caught.value.__cause__ is None
    return caught.value


# --- the outbox


def test_a_notice_is_a_proper_mail(tmp_path: Path) -> None:
    send(Outbox(tmp_path / "new" / "outbox"), request())
    path = only_file(tmp_path / "new" / "outbox")
    assert path.name.startswith("CCSL-C-1001-0007-assessment-passed-")
    assert path.suffix == ".eml"
    mail = read(path.read_bytes())
    assert mail["From"] == "Call Center Industry Advisory Council <info@ciac-cert.org>"
    assert mail["To"] == "Ana Ruiz <ana@example.org>"
    assert mail["Subject"] == "You passed People Management"
    assert mail["Date"].datetime.isoformat() == "2027-03-05T15:00:00+00:00"
    assert mail["Message-ID"].endswith("@ciac-cert.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "81.55 %" in mail.get_content()


def test_the_same_key_again_leaves_one_file_unchanged(tmp_path: Path) -> None:
    send(Outbox(tmp_path), request())
    before = only_file(tmp_path).read_bytes()
    send(Outbox(tmp_path), request())
    send(Outbox(tmp_path), request(to_name="Ana Maria Ruiz"))
    assert only_file(tmp_path).read_bytes() == before


def test_another_key_is_another_mail(tmp_path: Path) -> None:
    send(Outbox(tmp_path), request())
    send(Outbox(tmp_path), request(key="certification:CCSL:C-1001/2/7"))
    assert len({read(path.read_bytes())["Message-ID"] for path in tmp_path.iterdir()}) == 2


def test_nothing_personal_in_the_file_name_and_no_way_out_of_the_folder(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    bad = facts(EVENTS[4], candidate_id="../../Ana", designation="..\\x/y\n")
    send(Outbox(outbox), request(facts=bad))
    assert [path.name for path in tmp_path.iterdir()] == ["outbox"]
    assert "/" not in only_file(outbox).name
    send(Outbox(outbox), request(key="k2", facts=facts(EVENTS[4], candidate_id="c" * 64, designation="d" * 64)))
    assert len(list(outbox.iterdir())) == 2


def test_an_outbox_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refused(Outbox(tmp_path / "file"), request())
    assert (error.type, error.non_retryable) == ("NoticeDeferred", False)


def test_a_template_fault_is_tried_again_and_writes_nothing(tmp_path: Path) -> None:
    for notice in (request(notice="unheard-of"), request(facts={"designation": "CCSL"}), request(facts={})):
        error = refused(Outbox(tmp_path), notice)
        assert (error.type, error.non_retryable) == ("NoticeTemplate", False)
    assert list(tmp_path.iterdir()) == []


def test_neither_name_nor_address_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(Outbox(tmp_path), request())
    assert "notice sent" in caplog.text
    assert not any(part in caplog.text for part in PERSONAL)


# --- header injection


@pytest.mark.parametrize(
    "name",
    [
        "Ana\r\nBcc: all@example.com",
        "Ana\nSubject: no",
        "Ana\u2028Bcc: all@example.com\x85X: y\x0bZ",
        'Ana" <all@example.com>, "x',
        "Ana <all@example.com>",
        "a@b.example, c@d.example",
        "Ana\ud800Ruiz",
        "=?utf-8?q?Ana=0ABcc:_all=40example.com?=",
        "",
        "Ána Ruíz-Ærø 安娜",
        "x" * 5000,
    ],
)
def test_no_name_reaches_beyond_its_place(tmp_path: Path, name: str) -> None:
    # model_construct: what a validated request could never hold is tried here all the same.
    fields: dict[str, Any] = {field: getattr(request(), field) for field in NoticeRequest.model_fields}
    send(Outbox(tmp_path), NoticeRequest.model_construct(**fields | {"to_name": name}))
    mail = read(only_file(tmp_path).read_bytes())
    assert mail.keys() == read_keys()
    (to,) = mail["To"].addresses
    assert to.addr_spec == "ana@example.org"
    assert mail["Subject"] == "You passed People Management"


def read_keys() -> list[str]:
    own = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
    return [*own, "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]


@pytest.mark.parametrize(
    "email",
    [
        "ana@example.org\r\nBcc: all@example.com",
        "ana@example.org\nX: y",
        "ana@example.org, all@example.com",
        "Ana <ana@example.org>",
        "<ana@example.org>",
        "ana",
        "@example.org",
        "ana@",
        "ana@example.org@example.com",
        'ana"@example.org',
        "ana@exa mple.org",
        "ana@..org",
        "ana@xn--\u00fc.org" + "x" * 300,
        "ana@-\u00fc.example",
        "ana@\u00fc..example",
        "ana@\u00fc_.example",
        "",
    ],
)
def test_what_is_no_address_is_undeliverable(tmp_path: Path, email: str) -> None:
    error = refused(Outbox(tmp_path), request(to_email=email))
    assert (error.type, error.non_retryable) == ("Undeliverable", True)
    assert error.category is ApplicationErrorCategory.BENIGN
    assert list(tmp_path.iterdir()) == []


BEYOND_ASCII = [
    ("ana@b\u00fccher.example", "ana@xn--bcher-kva.example"),
    ("ana@stra\u00dfe.example", "ana@xn--strae-oqa.example"),  # and not strasse.example, which is somebody else's
    ("ana@B\u00dcCHER.example", "ana@xn--bcher-kva.example"),
    ("ana@\u4f8b\u3048.example", "ana@xn--r8jz45g.example"),
    ("an\u00e1@example.org", "an\u00e1@example.org"),
    ("ana\u0301@b\u00fccher.example", "an\u00e1@xn--bcher-kva.example"),
    ("\u7528\u6237@\u4f8b\u5b50.example", "\u7528\u6237@xn--fsqu00a.example"),
]


@pytest.mark.parametrize(("email", "written"), BEYOND_ASCII)
def test_an_address_beyond_ascii_is_written_right_in_the_outbox(tmp_path: Path, email: str, written: str) -> None:
    send(Outbox(tmp_path), request(to_email=email, to_name="\u00c1na Ru\u00edz"))
    content = only_file(tmp_path).read_bytes()
    to = recipient(content)
    assert (to.display_name, to.addr_spec) == ("\u00c1na Ru\u00edz", written)
    # An encoded word may stand in a name, and never in an address.
    head = content.partition(b"\r\n\r\n")[0]
    assert f"<{written}>".encode() in head
    assert head.isascii() is written.isascii()


# --- a mail server


class Postmaster:
    """Takes mail, or answers as told at one step of it."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Envelope] = []

    async def handle_MAIL(self, _s: Any, _x: Any, envelope: Envelope, address: str, _o: Any) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, _s: Any, _x: Any, envelope: Envelope, address: str, _o: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, _s: Any, _x: Any, envelope: Envelope) -> str:
        if "data" not in self.answers:
            self.taken.append(envelope)
        return self.answers.get("data", "250 OK")

    async def handle_QUIT(self, _s: Any, _x: Any, _e: Envelope) -> str:
        return self.answers.get("quit", "221 Bye")


@contextmanager
def mail_server(postmaster: Postmaster, **options: Any) -> Iterator[str]:
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def test_a_mail_server_gets_the_very_mail() -> None:
    postmaster = Postmaster()
    with mail_server(postmaster) as address:
        send(MailServer(f"smtp://{address}"), request())
        send(MailServer(f"smtp://{address}"), request())
    first, again = postmaster.taken
    assert (first.mail_from, first.rcpt_tos) == ("info@ciac-cert.org", ["ana@example.org"])
    mail = read(first.original_content or b"")
    assert mail["Subject"] == "You passed People Management"
    # A mail server cannot know a duplicate; whoever reads it can.
    assert mail["Message-ID"] == read(again.original_content or b"")["Message-ID"]


def test_a_line_that_begins_with_a_dot_is_no_end_of_the_mail() -> None:
    message, postmaster = EmailMessage(policy=policy.SMTP), Postmaster()
    message["From"], message["To"] = "info@ciac-cert.org", "ana@example.org"
    message.set_content("one\n.\n..two\n.three\n")
    with mail_server(postmaster) as address:
        asyncio.run(MailServer(f"smtp://{address}").carry(message, "a notice"))
    text: str = read(postmaster.taken[0].original_content or b"").get_content()
    assert text.splitlines() == ["one", ".", "..two", ".three"]


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_refusal_for_good_is_not_tried_again(step: str) -> None:
    with mail_server(Postmaster(**{step: "550 no mailbox ana@example.org"})) as address:
        error = refused(MailServer(f"smtp://{address}"), request())
    assert (error.type, error.non_retryable) == ("Undeliverable", True)
    assert error.category is ApplicationErrorCategory.BENIGN
    assert "(550)" in error.message


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("rcpt", "450 mailbox of ana@example.org is busy"),
        ("rcpt", "421 going down"),
        ("data", "451 later, Ana"),
        ("mail", "553 sender not allowed"),
    ],
)
def test_a_refusal_for_now_is_tried_again(step: str, answer: str) -> None:
    with mail_server(Postmaster(**{step: answer})) as address:
        error = refused(MailServer(f"smtp://{address}"), request())
    assert (error.type, error.non_retryable) == ("NoticeDeferred", False)
    assert f"({answer[:3]})" in error.message


def test_an_error_on_leaving_does_not_send_a_mail_again() -> None:
    postmaster = Postmaster(quit="451 cannot leave")
    with mail_server(postmaster) as address:
        send(MailServer(f"smtp://{address}"), request())
    assert len(postmaster.taken) == 1


@pytest.mark.parametrize(("email", "written"), BEYOND_ASCII)
def test_an_address_beyond_ascii_goes_where_it_is_understood(email: str, written: str) -> None:
    notice = request(to_email=email)
    postmaster = Postmaster()
    with mail_server(postmaster, enable_SMTPUTF8=True) as address:
        send(MailServer(f"smtp://{address}"), notice)
    (taken,) = postmaster.taken
    assert taken.rcpt_tos == [written]
    assert recipient(taken.original_content or b"").addr_spec == written
    only_ascii = Postmaster()
    with mail_server(only_ascii, enable_SMTPUTF8=False) as address:
        if written.isascii():
            send(MailServer(f"smtp://{address}"), notice)
            assert only_ascii.taken[0].rcpt_tos == [written]
        else:
            # The engine asks a person for another address, as for any undeliverable notice.
            assert refused(MailServer(f"smtp://{address}"), notice).type == "Undeliverable"


def test_a_password_is_used_and_never_shown() -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (b"certpath", b"s3cret/@:")
        return AuthResult(success=right, handled=False)

    postmaster = Postmaster()
    options = {"authenticator": check, "auth_require_tls": False}
    with mail_server(postmaster, **options) as address:
        send(MailServer(f"smtp://certpath:s3cret%2F%40%3A@{address}"), request())
        error = refused(MailServer(f"smtp://certpath:wr0ng@{address}"), request())
    assert len(postmaster.taken) == 1
    assert error.type == "NoticeDeferred"
    assert "(535)" in error.message
    assert "wr0ng" not in error.message
    assert "certpath" not in error.message


def test_starttls_is_demanded_not_hoped_for() -> None:
    postmaster = Postmaster()
    with mail_server(postmaster) as address:
        for scheme in ("smtp+starttls", "smtps"):
            error = refused(MailServer(f"{scheme}://user:pass@{address}"), request())
            assert error.type == "NoticeDeferred"
    assert postmaster.taken == []


def test_a_server_that_is_away_is_tried_again() -> None:
    error = refused(MailServer(f"smtp://127.0.0.1:{free_port()}"), request())
    assert (error.type, error.non_retryable) == ("NoticeDeferred", False)


def test_the_carrier_follows_the_settings(tmp_path: Path) -> None:
    assert isinstance(carrier(tmp_path, None), Outbox)
    assert isinstance(carrier(tmp_path, "smtp://localhost"), MailServer)
    with pytest.raises(ValueError, match="CERTPATH_SMTP_URL") as caught:
        carrier(tmp_path, "http://user:s3cret@host")
    assert "s3cret" not in str(caught.value)
