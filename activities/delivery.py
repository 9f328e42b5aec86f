"""Delivers a finished message: into a folder as an .eml file, or to a mail server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import smtplib
import ssl
import tempfile
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from activities.hanging import LONG_SECONDS, Attempt, Attempts
from activities.heartbeats import is_heard, outcome_of

_SECONDS = 30.0
_CHECK_SECONDS = 3.0
_THREADS = 20
MAY_HANG = 10
"""So many attempts may wait for a mail server that hangs, where the worker does not say how many."""
_GO_ON = 354
_LINE_THAT_BEGINS_WITH_A_DOT = re.compile(rb"(?m)^\.")
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Undeliverable(Exception):
    """The notice can never be delivered. The error names no person."""


class Deferred(Exception):
    """The notice may be delivered later. The error names no person and shows no password."""


class Carrier(Protocol):
    """A way to deliver notices."""

    async def carry(self, message: EmailMessage, name: str) -> None:
        """Delivers the message. `name` identifies the notice: each attempt has the same, and no other notice has it.

        Raises:
            Undeliverable: the message can never be delivered.
            Deferred: the message may be delivered later.
        """

    def check(self) -> None:
        """Checks that a message could be delivered now, without sending one. Blocks, for some seconds at most.

        Raises:
            Deferred: it could not. The error names neither folder nor server.
        """


def carrier(outbox: Path, smtp_url: str | None, may_hang: int = MAY_HANG) -> Carrier:
    """The mail server if its address is set, otherwise the outbox. `may_hang` is as for `MailServer`.

    Raises:
        ValueError: the address is not that of a mail server.
    """
    return MailServer(smtp_url, may_hang) if smtp_url else Outbox(outbox)


class Outbox:
    """A folder of .eml files, which every mail program opens. Delivering the same notice again changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def carry(self, message: EmailMessage, name: str) -> None:
        # This blocks the event loop, but a thread would cost more than writing two kilobytes does (see bench/).
        final = self._folder / f"{name}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not final.exists():
                # The message's own policy: one to an address beyond ASCII has its headers in UTF-8 (RFC 6532).
                self._write(message.as_bytes(), final)
        except OSError as error:
            # Do not repeat the error's own text, because it has the file's name in it.
            raise Deferred(
                f"The outbox {self._folder} cannot be written: {error.strerror or type(error).__name__}."
            ) from None

    def check(self) -> None:
        """Writes a small file and removes it. Permissions alone would not reveal a full disk or a read-only mount."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = self._unfinished()
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(b"Certpath tries whether the outbox can be written.")
            finally:
                Path(temporary).unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise Deferred(f"The outbox cannot be written: {why[:1].lower()}{why[1:]}.") from None

    def _unfinished(self) -> tuple[int, str]:
        """A new file in the outbox. Its name keeps it out of `*.eml` until it is complete."""
        return tempfile.mkstemp(prefix=".", suffix=".part", dir=self._folder)

    def _write(self, content: bytes, final: Path) -> None:
        """Writes to another name first, so that nobody ever sees half a file."""
        handle, temporary = self._unfinished()
        try:
            with os.fdopen(handle, "wb") as file:
                # Without fsync a power cut may lose the notices of the last seconds. With it, a Temporal server on the
                # same disk made a fifth fewer journeys (see bench/). Where no loss is acceptable, use a mail server.
                file.write(content)
            Path(temporary).replace(final)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


class _Ended(Exception):
    """The attempt ended before the mail was handed over. Nothing of it was sent."""


class _InTurn(smtplib.SMTP):
    """A connection that takes the turn as late as it can: when the server has asked for the mail itself.

    Until then a server that hangs has nothing of the mail, in whatever step it hangs, and the attempt may end.
    """

    turn: Lock

    def data(self, msg: Any) -> tuple[int, bytes]:
        """The step DATA as the standard library takes it, with the turn in its middle.

        Raises:
            _Ended: the attempt has ended, and the connection is closed.
            smtplib.SMTPDataError: the server does not want the mail.
        """
        code, reply = self.docmd("data")
        if code != _GO_ON:
            raise smtplib.SMTPDataError(code, reply)
        if not self.turn.acquire(blocking=False):
            self.close()  # whatever was said now would be taken for the mail
            raise _Ended
        end = b".\r\n" if msg.endswith(b"\r\n") else b"\r\n.\r\n"
        self.send(_LINE_THAT_BEGINS_WITH_A_DOT.sub(b"..", msg) + end)
        return self.getreply()


class _InTurnOverTls(_InTurn, smtplib.SMTP_SSL):
    """The same over TLS from the beginning."""


class MailServer:
    """A mail server, by its URL: `smtp://`, `smtps://` or `smtp+starttls://`, then `[user:password@]host[:port]`.

    `may_hang` attempts wait for it if it hangs (`activities/hanging.py`).

    Raises:
        ValueError: the URL is not of this form. The error does not repeat it.
    """

    def __init__(self, url: str, may_hang: int = MAY_HANG) -> None:
        self._url: SplitResult = urlsplit(url)
        if self._url.scheme not in _PORTS or not self._url.hostname:
            # Do not repeat the value, because it may hold a password.
            raise ValueError("CERTPATH_SMTP_URL must begin with smtp://, smtps:// or smtp+starttls:// and name a host.")
        # Use threads of our own. When the event loop ends, it waits for the threads of `asyncio.to_thread`, so a mail
        # server that hangs would keep a worker from stopping.
        self._attempts = Attempts(may_hang)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mail")

    @property
    def _where(self) -> str:
        return f"{self._url.hostname}:{self._url.port or _PORTS[self._url.scheme]}"

    async def carry(self, message: EmailMessage, name: str) -> None:
        if self._attempts.are_enough():
            raise self._hangs()
        with self._attempts.one() as attempt:
            try:
                await self._carry(message, attempt)
            except Undeliverable:
                attempt.answered = True
                raise
            attempt.answered = True

    async def _carry(self, message: EmailMessage, attempt: Attempt) -> None:
        # The thread takes this before it sends, and an attempt that ends takes it first. Only one of them ever gets it.
        turn = Lock()
        sending = asyncio.get_running_loop().run_in_executor(self._threads, self._send, message, turn)
        try:
            done, _ = await asyncio.wait([sending], timeout=LONG_SECONDS)
            if not done and self._attempts.has_enough_before(attempt) and turn.acquire(blocking=False):
                sending.cancel()
                raise self._hangs()
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            given_up = turn.acquire(blocking=False)
            if given_up or not (is_heard() or sending.done()):
                # Nothing is sent any more, or the next attempt will have the same Message-ID.
                sending.cancel()
                raise
            # The candidacy waits for an answer, and must not be told that a notice was not sent that was.
            await outcome_of(sending)

    def _hangs(self) -> Deferred:
        return Deferred(f"{self._where} does not answer.")

    def check(self) -> None:
        """Connects to the server, logs in if the URL has a user, sends the command NOOP, and disconnects."""
        named = "The mail server"
        server = self._open(named, _CHECK_SECONDS)
        try:
            server.ehlo_or_helo_if_needed()
            code, _ = server.noop()
            if code != 250:
                raise Deferred(f"{named} does not answer as a mail server does ({code}).")
        except smtplib.SMTPResponseException as error:
            raise Deferred(f"{named} is not ready ({error.smtp_code}).") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Deferred(f"{named} broke off the connection ({type(error).__name__}).") from None
        finally:
            _leave(server)

    def _send(self, message: EmailMessage, turn: Lock) -> None:
        """Sends the message, unless the attempt has ended before."""
        server = self._open(self._where, _SECONDS)
        server.turn = turn
        try:
            server.ehlo_or_helo_if_needed()
            if not turn.locked():
                server.send_message(message)
        except _Ended:
            return  # nobody waits for the outcome any more
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused("the recipient", max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPSenderRefused as error:
            # The sender's address is our own, so an operator can correct it.
            raise Deferred(f"{self._where} refuses the sender's address ({error.smtp_code}).") from None
        except smtplib.SMTPNotSupportedError:
            raise Undeliverable(f"{self._where} accepts only ASCII addresses.") from None
        except smtplib.SMTPDataError as error:
            raise self._refused("the message", error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Deferred(f"{self._where} broke off the connection ({type(error).__name__}).") from None
        finally:
            # By now the message is accepted or refused. An error while disconnecting must not cause another attempt.
            _leave(server)

    def _refused(self, what: str, code: int) -> Exception:
        kind = Undeliverable if 500 <= code <= 599 else Deferred
        # Show only the code, because the server's text often repeats the address.
        return kind(f"{self._where} refuses {what} ({code}).")

    def _open(self, named: str, seconds: float) -> _InTurn:
        """A connection, each step of which takes `seconds` at most. Errors call the server by the name `named`.

        Raises:
            Deferred: there is no connection, or the login failed.
        """
        try:
            return self._connected(seconds)
        except smtplib.SMTPAuthenticationError as error:
            raise Deferred(f"{named} refuses the user name or password ({error.smtp_code}).") from None
        except smtplib.SMTPNotSupportedError:
            raise Deferred(f"{named} offers no {'STARTTLS or no ' if self._starttls else ''}login.") from None
        except smtplib.SMTPResponseException as error:
            raise Deferred(f"{named} is not ready ({error.smtp_code}).") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Deferred(f"{named} cannot be reached ({type(error).__name__}).") from None

    @property
    def _starttls(self) -> bool:
        return self._url.scheme == "smtp+starttls"

    def _connected(self, seconds: float) -> _InTurn:
        host, port = self._where.rsplit(":", 1)
        server: _InTurn
        if self._url.scheme == "smtps":
            server = _InTurnOverTls(host, int(port), timeout=seconds, context=ssl.create_default_context())
        else:
            server = _InTurn(host, int(port), timeout=seconds)
        try:
            if self._starttls:
                server.starttls(context=ssl.create_default_context())
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()
