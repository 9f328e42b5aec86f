"""Sends notices. Running this twice is harmless, because the same key gives the same file name and Message-ID.

In a folder, the second attempt finds the file and changes nothing. A mail server cannot be asked: if a worker dies
after the server accepted the notice, the notice goes out twice. Its Message-ID and Date are the same both times, so
mail programs can show it once.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email import policy
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from typing import Any

import idna
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.delivery import Carrier, Deferred, Undeliverable
from activities.heartbeats import heartbeating
from activities.recording import SOON_SECONDS, Early, Recording
from activities.rendering import Renderer, TemplateFault
from activities.requests import SEND_NOTICE, Notice, NoticeAnswer, NoticeRequest
from activities.waiting import WaitingNotices, pause_after
from domain.personal import Delivery
from runtime import metrics

_ADDRESS = re.compile(r"[^@\s,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[^@\s,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,255}")
# They divide or end an address in a header unless they are quoted (RFC 5322).
_SPECIAL = re.compile(r"[()<>\[\]:;@,\\\"]")
_LONGEST_DISPLAY_NAME = 70
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


_LONGEST_FOR_THE_RECORD = timedelta(minutes=1)
_LONGEST_TOGETHER = timedelta(minutes=1)


class _Headers(HeaderRegistry):
    """Makes the class of each kind of header once, and a header that many messages have alike only once.

    The standard library makes a class for each header of each message, and parses each header anew.
    """

    _ALIKE = frozenset({"from", "auto-submitted", "content-type", "content-transfer-encoding", "mime-version"})
    _MOST = 100

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}
        self._parsed: dict[tuple[str, str], Any] = {}

    def __getitem__(self, name: str) -> Any:
        kind = name.lower()
        if kind not in self._made:
            self._made[kind] = super().__getitem__(name)
        return self._made[kind]

    def __call__(self, name: str, value: Any) -> Any:
        if name.lower() not in self._ALIKE:
            return super().__call__(name, value)
        key = name, str(value)
        if key not in self._parsed:
            if len(self._parsed) >= self._MOST:
                self._parsed.clear()
            self._parsed[key] = super().__call__(name, value)
        return self._parsed[key]


_SMTP = policy.SMTP.clone(header_factory=_Headers())
_SMTPUTF8 = _SMTP.clone(utf8=True)


class Notices:
    """Renders each notice and hands it to the carrier."""

    def __init__(
        self,
        carrier: Carrier,
        recording: Recording,
        renderer: Renderer | None = None,
        waiting: WaitingNotices | None = None,
    ) -> None:
        self._carrier = carrier
        self._recording = recording
        self._renderer = renderer or Renderer()
        self._waiting = waiting or WaitingNotices()

    @activity.defn(name=SEND_NOTICE)
    async def send_notice(self, request: NoticeRequest) -> NoticeAnswer:
        """Send a notice and those behind it, and record the events that come with it, whether or not it could be sent.

        That the notices went out and the events are recorded in one transaction, after the mails: a transaction before
        each and another after it would cost the record twice as much, and a slow record would delay the mails. Once the
        first mail is out, the attempt is never cancelled any more: see `Recording.record_notices`. So only the first
        notice can fail the attempt.

        The server repeats the attempt, for as long as the caller allows, if the mail server is away, the outbox cannot
        be written, or a template is faulty. It does not if the mail server refuses the notice for good. Where the
        record was away too, the next attempt comes after a minute at most, for the events that wait for it.

        Raises:
            ApplicationError: of type NoticeDeferred or NoticeTemplate, for another attempt; of type Undeliverable, for
                none.
        """
        self._waiting.begun(request.key, request.queued_at, attempt=activity.info().attempt)
        outcome: metrics.Outcome = "deferred"
        early: Early | None = None
        try:
            async with heartbeating():
                async with self._recording.while_sending(request.to_record) as early:
                    sent = [await self._send(request)]
                    outcome = "sent"
                    sent += await self._send_following(request.following)
                answer = await self._recording.record_notices(request, sent, early)
        except Undeliverable as error:
            outcome = "undeliverable"
            raise ApplicationError(
                str(error),
                type="Undeliverable",
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            ) from None
        except Deferred as error:
            raise ApplicationError(str(error), type="NoticeDeferred", next_retry_delay=_pause(early)) from None
        except TemplateFault as error:
            raise ApplicationError(str(error), type="NoticeTemplate", next_retry_delay=_pause(early)) from None
        finally:
            self._ended(request, outcome, early)
        for one in sent:
            activity.logger.info("notice sent", extra={"notice": one.notice})
        return answer

    async def _send(self, notice: Notice) -> Delivery:
        message = message_of(notice, self._renderer)
        await self._carrier.carry(message, file_name(notice))
        return Delivery(
            about=notice.about,
            notice=notice.notice,
            message_id=message["Message-ID"],
            sent_at=datetime.now(UTC),
            email=notice.to_email,
        )

    async def _send_following(self, following: Sequence[Notice]) -> list[Delivery]:
        """Sends the notices behind the first one, as long as each goes out at once.

        Where the attempt is taken back, or the worker is stopping, it begins no further one.

        The first one that does not go out fails nothing here: the candidacy asks for it again with the next request, of
        which it is the first, and there its error counts. All of them are left to the next request where this one has
        waited long for its first notice, because they may give way to newer ones since.
        """
        sent: list[Delivery] = []
        if datetime.now(UTC) - activity.info().scheduled_time > _LONGEST_TOGETHER:
            return sent
        over = time.monotonic() + SOON_SECONDS
        for notice in following:
            if activity.is_cancelled() or activity.is_worker_shutdown() or time.monotonic() > over:
                break
            try:
                sent.append(await self._send(notice))
            except (Exception, asyncio.CancelledError):  # noqa: BLE001 - another attempt would send the first one again
                break
            metrics.notice(activity.metric_meter(), notice.notice, "sent")
        return sent

    def _ended(self, request: NoticeRequest, outcome: metrics.Outcome, early: Early | None) -> None:
        """Counts the attempt. A notice that will be tried again is kept for the metric of waiting notices."""
        metrics.notice(activity.metric_meter(), request.notice, outcome)
        if outcome == "deferred":
            pause = _pause(early) or pause_after(activity.info().attempt, activity.info().retry_policy)
            self._waiting.failed(request.key, request.queued_at, pause)
        else:
            self._waiting.ended(request.key)


def message_of(notice: Notice, renderer: Renderer) -> EmailMessage:
    """The mail of a notice.

    Raises:
        TemplateFault: the template of the notice is missing, or does not fit its facts.
        Undeliverable: the address on record is not an e-mail address.
    """
    name = one_line(notice.to_name)
    to = _recipient(name, notice.to_email)
    subject, text = renderer.render(notice.notice, name, notice.facts)
    body = notice.facts["body"]  # the template has used it above, so it exists
    message = EmailMessage(policy=_SMTP if to.addr_spec.isascii() else _SMTPUTF8)
    message["From"] = Address(_display_name(body["name"]), addr_spec=body["email"])
    message["To"] = to
    message["Subject"] = one_line(subject)
    message["Date"] = notice.queued_at
    message["Message-ID"] = f"<{_digest(notice.key)}@{body['email'].rpartition('@')[2]}>"
    # Asks out-of-office programs not to answer (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _pause(early: Early | None) -> timedelta | None:
    """How long the server waits before the next attempt; None for as long as the policy of the notice says.

    The events that this notice took along wait for its next attempt, because the candidacy hands them over to nobody
    else meanwhile. Where they could not be recorded, the record is asked again after a minute at most, as it is where
    an activity of its own records events.
    """
    if early is None or not early.left_over:
        return None
    return min(pause_after(activity.info().attempt, activity.info().retry_policy), _LONGEST_FOR_THE_RECORD)


def file_name(notice: Notice) -> str:
    """A file name that people recognise, without personal data. The digest of the key makes it unique."""
    facts = notice.facts
    event = facts.get("event")
    sequence = event.get("sequence", 0) if isinstance(event, Mapping) else 0
    parts = [_part(facts, "designation"), _part(facts, "candidate_id"), f"{sequence:0>4}", notice.notice]
    readable = _UNSAFE.sub("_", "-".join(parts)).strip("._-")[:180]
    return f"{readable}-{_digest(notice.key)[:12]}"


def _part(facts: Mapping[str, Any], name: str) -> str:
    return str(facts.get(name, "unknown"))[:64]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def one_line(text: str) -> str:
    """The text as one line of a header: without control characters, line separators, surrogates and encoded words."""
    kept = (" " if unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} else mark for mark in text)
    return " ".join("".join(kept).replace("=?", "= ?").split())


def _display_name(name: str) -> str:
    """The name that stands before an address in a header: without characters that need quotes, and not too long.

    Python folds a header of more than 78 characters by dropping the quotes of a display name (CPython issue 80222). A
    comma in the name would then begin another recipient. Here nothing needs quotes, and the name fits on a line.
    """
    return " ".join(_SPECIAL.sub(" ", one_line(name)).split())[:_LONGEST_DISPLAY_NAME].rstrip()


def _recipient(name: str, email: str) -> Address:
    """The recipient's address for the header `To`. A domain beyond ASCII is written as the registries write it.

    Raises:
        Undeliverable: the address on record is not an e-mail address. The error does not show it.
    """
    shown = _display_name(name)
    email = unicodedata.normalize("NFC", email.strip())
    user, _, host = email.rpartition("@")
    try:
        if not _ADDRESS.fullmatch(email):
            raise ValueError
        if not host.isascii():
            # Python's own codec follows the rules of 2003, and would send mail for straße.example to strasse.example.
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
        if user.isascii():
            return Address(display_name=shown, addr_spec=f"{user}@{host}")
        # `addr_spec` accepts ASCII only. The pattern above has excluded characters that would end the address.
        return Address(display_name=shown, username=user, domain=host)
    except Exception as error:  # noqa: BLE001 - the address parser raises many errors, which quote the address
        raise Undeliverable(f"The e-mail address on record is not valid ({type(error).__name__}).") from None
