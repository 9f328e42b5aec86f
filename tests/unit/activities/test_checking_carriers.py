"""Whether a notice could go out now: asked of a real folder and a real mail server, without sending anything."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from activities.delivery import Deferred, MailServer, Outbox
from runtime.embedded import free_port


def problem(carrier: Outbox | MailServer) -> str:
    with pytest.raises(Deferred) as caught:
        carrier.check()
    return str(caught.value)


# --- the outbox


def test_an_outbox_that_can_be_written_is_left_empty(tmp_path: Path) -> None:
    Outbox(tmp_path / "new" / "outbox").check()
    assert list((tmp_path / "new" / "outbox").iterdir()) == []


def test_a_file_in_place_of_the_outbox_is_a_problem_that_names_no_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "outbox"):
        told = problem(Outbox(folder))
        assert told.startswith("The outbox cannot be written: ")
        assert str(tmp_path) not in told


# --- a mail server


class Postmaster:
    """Counts the mails that it takes, and answers NOOP as told."""

    def __init__(self, noop: str = "250 OK") -> None:
        self.noop = noop
        self.mails = 0

    async def handle_NOOP(self, _server: Any, _session: Any, _envelope: Any, _argument: str) -> str:
        return self.noop

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.mails += 1
        return "250 taken"


@contextmanager
def mail_server(postmaster: Postmaster, **options: Any) -> Iterator[str]:
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def test_a_mail_server_that_answers_is_well_and_gets_no_mail() -> None:
    postmaster = Postmaster()
    with mail_server(postmaster) as address:
        MailServer(f"smtp://{address}").check()
    assert postmaster.mails == 0


def test_a_mail_server_that_answers_anything_else_is_not() -> None:
    with mail_server(Postmaster(noop="421 going down")) as address:
        assert problem(MailServer(f"smtp://{address}")) == (
            "The mail server does not answer as a mail server does (421)."
        )


def test_a_log_in_is_tried_where_the_url_has_one_and_shows_no_secret() -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"certpath", b"s3cret"), handled=False)

    with mail_server(Postmaster(), authenticator=check, auth_require_tls=False) as address:
        MailServer(f"smtp://certpath:s3cret@{address}").check()
        told = problem(MailServer(f"smtp://certpath:wr0ng@{address}"))
    assert told == "The mail server refuses the user name or password (535)."


def test_a_mail_server_without_starttls_is_a_problem_where_it_is_demanded() -> None:
    with mail_server(Postmaster()) as address:
        assert problem(MailServer(f"smtp+starttls://{address}")).startswith("The mail server offers no STARTTLS")


def test_a_mail_server_that_is_away_is_named_by_no_address() -> None:
    port = free_port()
    told = problem(MailServer(f"smtp://127.0.0.1:{port}"))
    assert told == "The mail server cannot be reached (ConnectionRefusedError)."


def test_a_mail_server_that_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.delivery._CHECK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = problem(MailServer(f"smtp://127.0.0.1:{silent.getsockname()[1]}"))
    assert told.startswith("The mail server cannot be reached (")
