"""A real mail server on the loopback address. It comes and goes, and remembers every mail that it has taken.

Each worker logs in with a name of its own, which says which process has sent a mail.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from time import monotonic
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

Mood = Literal["takes mail", "refuses connections", "hangs", "answers 4xx", "drops the answer", "withholds the answer"]
OUTAGES: tuple[Mood, ...] = (
    "refuses connections",
    "hangs",
    "answers 4xx",
    "drops the answer",
    "withholds the answer",
)
"""The ways to fail. "Drops the answer" takes the mail and cuts the connection before it answers. "Withholds the answer"
does the same, but cuts the connection only at the end of the outage."""

HOST = "127.0.0.1"
PASSWORD = "chaos"

# At each login aiosmtpd warns of something that handlers may do, and that is not done here.
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Mail:
    """A mail that was taken."""

    message_id: str
    to: str
    subject: str
    sender: str
    """The worker process that sent it, by its login."""
    at: float
    """When it was taken, in seconds of the monotonic clock."""
    answered: bool
    """Whether the server answered that it took the mail; otherwise it cut the connection."""


def id_of_notice(workflow_id: str, first_run_id: str, sequence: int) -> str:
    """The Message-ID of the notice of an event. It is made of the event's key: sent again, a mail has the same one."""
    key = f"{workflow_id}:{first_run_id}:{sequence}"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@ciac-cert.org>"


@dataclass
class MailServer:
    """Serves on one port for the length of the run. `mood` says how it treats its clients."""

    taken: list[Mail] = field(default_factory=list)
    on_offered: Callable[[str, str], Awaitable[bool]] | None = None
    """Called with the sender and the Message-ID before a mail is taken. If it is True, the mail is not taken."""
    on_taken: Callable[[str], Awaitable[None]] | None = None
    """Called with the sender after a mail was taken and before the answer."""
    port: int = 0
    _mood: Mood = "takes mail"
    _server: asyncio.Server | None = None
    _mute: set[asyncio.BaseTransport] = field(default_factory=set)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def mood(self) -> Mood:
        return self._mood

    def url(self, sender: str) -> str:
        """The address for one worker process."""
        return f"smtp://{sender}:{PASSWORD}@{HOST}:{self.port}"

    async def start(self) -> None:
        """Listen: the first time on a free port, later on the same port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop listening, and cut connections that hang."""
        self._end_outage()
        if self._server is not None:
            self._server.close()
            self._server = None

    async def be(self, mood: Mood) -> None:
        """Change the mood, and cut connections that hang."""
        self._end_outage()
        self._over = asyncio.Event()
        self._mood = mood
        if mood == "refuses connections" and self._server is not None:
            self._server.close()
            self._server = None
        elif mood != "refuses connections" and self._server is None:
            await self.start()

    def _end_outage(self) -> None:
        self._over.set()
        for transport in self._mute:
            transport.close()
        self._mute.clear()

    def _connection(self) -> asyncio.BaseProtocol:
        if self._mood == "hangs":
            return _Mute(self._mute)
        return SMTP(
            self,
            hostname="chaos.example.org",
            ident="chaos",
            authenticator=_login,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )

    # --- the methods that aiosmtpd calls --------------------------------------------------------------------

    async def handle_RCPT(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _o: Any) -> str:
        if self._mood == "answers 4xx":
            return "451 later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mood, over = self._mood, self._over
        answers = mood not in ("drops the answer", "withholds the answer")
        sender = str(session.auth_data)
        mail = _mail(envelope, sender, answers)
        if self.on_offered is not None and await self.on_offered(sender, mail.message_id):
            return "451 later"
        self.taken.append(mail)
        if self.on_taken is not None:
            await self.on_taken(sender)
        if not answers:
            if mood == "withholds the answer":
                await over.wait()
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
        return "250 OK"


class _Mute(asyncio.Protocol):
    """A connection that is accepted, and on which nothing is ever sent."""

    def __init__(self, all_of_them: set[asyncio.BaseTransport]) -> None:
        self._all = all_of_them
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._all.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._all.discard(self._transport)


def _login(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    right = data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False, auth_data=data.login.decode())


def _mail(envelope: Envelope, sender: str, answered: bool) -> Mail:
    message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
    to = envelope.rcpt_tos[0]
    return Mail(str(message["Message-ID"]), to, str(message["Subject"]), sender, monotonic(), answered)
