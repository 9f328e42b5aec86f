"""Sends notices. The key makes one idempotent: the same key is the same file, the same Message-ID, one mail.

A mail server gives no more: where a worker dies between the server's yes and ours, the mail goes out twice,
and its Message-ID and Date, both from the request, let mail programs show it once.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.delivery import Carrier, Deferred, Undeliverable
from activities.heartbeats import heartbeating
from activities.rendering import Renderer, TemplateFault
from activities.requests import SEND_NOTICE, NoticeRequest
from activities.waiting import WaitingNotices
from runtime import metrics

_ADDRESS = re.compile(r"[^@\s,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[^@\s,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,255}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Notices:
    """Renders each notice and hands it to the carrier."""

    def __init__(
        self, carrier: Carrier, renderer: Renderer | None = None, waiting: WaitingNotices | None = None
    ) -> None:
        self._carrier = carrier
        self._renderer = renderer or Renderer()
        self._waiting = waiting or WaitingNotices()

    @activity.defn(name=SEND_NOTICE)
    async def send_notice(self, request: NoticeRequest) -> None:
        """Send one notice.

        Retried (the caller says how long): a mail server that is away, an outbox that cannot be written, a
        template that an operator can mend. Not retried: what the mail server refuses for good.
        """
        self._waiting.begun(request.key, request.queued_at, attempt=activity.info().attempt)
        outcome: metrics.Outcome = "deferred"
        try:
            async with heartbeating():
                await self._carrier.carry(self._message(request), file_name(request))
            outcome = "sent"
        except Undeliverable as error:
            outcome = "undeliverable"
            raise ApplicationError(
                str(error),
                type="Undeliverable",
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            ) from None
        except Deferred as error:
            raise ApplicationError(str(error), type="NoticeDeferred") from None
        except TemplateFault as error:
            raise ApplicationError(str(error), type="NoticeTemplate") from None
        finally:
            self._ended(request, outcome)
        activity.logger.info("notice sent", extra={"notice": request.notice})

    def _ended(self, request: NoticeRequest, outcome: metrics.Outcome) -> None:
        """Counts the attempt, and remembers the notice where there will be another one."""
        metrics.notice(activity.metric_meter(), request.notice, outcome)
        if outcome == "deferred":
            info = activity.info()
            self._waiting.failed(request.key, request.queued_at, attempt=info.attempt, policy=info.retry_policy)
        else:
            self._waiting.ended(request.key)

    def _message(self, request: NoticeRequest) -> EmailMessage:
        name = one_line(request.to_name)
        to = _recipient(name, request.to_email)
        subject, text = self._renderer.render(request.notice, name, request.facts)
        body = request.facts["body"]  # rendered above, so it is there
        message = EmailMessage(policy=SMTP if to.addr_spec.isascii() else SMTPUTF8)
        message["From"] = Address(one_line(body["name"]), addr_spec=body["email"])
        message["To"] = to
        message["Subject"] = one_line(subject)
        message["Date"] = request.queued_at
        message["Message-ID"] = f"<{_digest(request.key)}@{body['email'].rpartition('@')[2]}>"
        # Keeps out-of-office programs from answering (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message


def file_name(request: NoticeRequest) -> str:
    """What a person recognises, without a name or an address, and the key's digest, which makes it unique."""
    facts = request.facts
    event = facts.get("event")
    sequence = event.get("sequence", 0) if isinstance(event, Mapping) else 0
    parts = [_part(facts, "designation"), _part(facts, "candidate_id"), f"{sequence:0>4}", request.notice]
    readable = _UNSAFE.sub("_", "-".join(parts)).strip("._-")[:180]
    return f"{readable}-{_digest(request.key)[:12]}"


def _part(facts: Mapping[str, Any], name: str) -> str:
    return str(facts.get(name, "unknown"))[:64]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def one_line(text: str) -> str:
    """The text without what could end a header line: controls, separators, half characters, encoded words."""
    kept = (" " if unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} else mark for mark in text)
    return " ".join("".join(kept).replace("=?", "= ?").split())


def _recipient(name: str, email: str) -> Address:
    """Raises `Undeliverable`, without the address, where it is none."""
    email = email.strip()
    user, _, host = email.rpartition("@")
    try:
        if not _ADDRESS.fullmatch(email):
            raise ValueError
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        if user.isascii():
            return Address(display_name=name, addr_spec=f"{user}@{host}")
        # That parser knows ASCII only; the pattern above has kept out what would end the address.
        return Address(display_name=name, username=user, domain=host)
    except Exception as error:  # noqa: BLE001 - the parser of addresses fails in many ways, quoting the address
        raise Undeliverable(f"The e-mail address on record is not one ({type(error).__name__}).") from None
