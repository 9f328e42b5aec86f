"""Notices that wait for one another go out by one request, those behind the first one as long as each does at once."""

import asyncio
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError

from activities import notices as sending_notices
from activities.delivery import Carrier, MailServer, Outbox
from activities.notices import Notices
from activities.requests import Notice, NoticeAnswer, NoticeRequest
from runtime import metrics
from runtime.embedded import free_port
from tests.scheme import recording
from tests.unit.activities.notice_samples import EVENTS, attempt, request
from tests.waiting import eventually
from tests.workflows.outside import Mailbox, SlowMailbox, mail_server


def behind(number: int, **changes: Any) -> Notice:
    """The notice that waits in this place behind the first one."""
    its = dict(request(EVENTS[4 + number], key=f"behind-{number}", about=number))
    return Notice.model_construct(**its | changes)


def asked(*following: Notice, **changes: Any) -> NoticeRequest:
    return NoticeRequest.model_construct(**dict(request()) | {"following": list(following)} | changes)


async def sent(carrier: Carrier, wanted: NoticeRequest, age: timedelta = timedelta(0)) -> NoticeAnswer:
    """What the activity answers that was asked for so long ago."""
    return await attempt(age).run(Notices(carrier, recording()).send_notice, wanted)


def ids(folder: Path) -> set[str]:
    """The Message-IDs of the mails in an outbox."""
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.glob("*.eml")]
    return {str(mail["Message-ID"]) for mail in mails}


async def ids_alone(folder: Path, *wanted: Notice) -> set[str]:
    """The Message-IDs that these notices have where each is sent by a request of its own."""
    for one in wanted:
        await sent(Outbox(folder), NoticeRequest(**{**dict(one), "following": []}))
    return ids(folder)


async def test_each_notice_is_the_mail_that_it_would_be_alone_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(metrics, "notice", lambda _meter, notice, outcome: counted.append((notice, outcome)))
    wanted = asked(behind(1), behind(2))
    answer = await sent(Outbox(tmp_path / "together"), wanted)
    assert answer.following == 2
    names = [wanted.notice, *(one.notice for one in wanted.following)]
    assert sorted(counted) == sorted((name, "sent") for name in names)
    assert ids(tmp_path / "together") == await ids_alone(tmp_path / "alone", wanted, *wanted.following)


REFUSED: dict[str, dict[str, Any]] = {
    "no address": {"to_email": "nobody"},
    "a template that is missing": {"notice": "unheard-of"},
    "a fault of ours": {"to_name": None},
}
"""Notices that cannot be sent."""


@pytest.mark.parametrize("why", REFUSED)
async def test_one_that_does_not_go_out_fails_nothing_and_is_left_with_those_behind_it(
    tmp_path: Path, why: str
) -> None:
    wanted = asked(behind(1), behind(2, **REFUSED[why]), behind(3))
    answer = await sent(Outbox(tmp_path / "together"), wanted)
    assert answer.following == 1
    assert ids(tmp_path / "together") == await ids_alone(tmp_path / "alone", wanted, behind(1))


@pytest.mark.parametrize("why", REFUSED)
async def test_where_the_first_one_fails_none_goes_out(tmp_path: Path, why: str) -> None:
    with pytest.raises((ApplicationError, TypeError)):
        await sent(Outbox(tmp_path), asked(behind(1), **REFUSED[why]))
    assert ids(tmp_path) == set()


async def test_a_request_that_has_waited_long_sends_the_first_one_alone(tmp_path: Path) -> None:
    """Those behind it may have to give way to newer ones since."""
    wanted = asked(behind(1))
    assert (await sent(Outbox(tmp_path / "together"), wanted, age=timedelta(days=1))).following == 0
    assert ids(tmp_path / "together") == await ids_alone(tmp_path / "alone", wanted)


async def test_an_attempt_that_takes_long_begins_no_further_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_notices, "SOON_SECONDS", -1.0)
    assert (await sent(Outbox(tmp_path), asked(behind(1)))).following == 0
    assert len(ids(tmp_path)) == 1


async def test_a_worker_that_stops_begins_no_further_one(tmp_path: Path) -> None:
    environment = attempt()
    environment.worker_shutdown()
    answer = await environment.run(Notices(Outbox(tmp_path), recording()).send_notice, asked(behind(1)))
    assert answer.following == 0
    assert len(ids(tmp_path)) == 1


CANCELLED = {"cancel_requested": 1, "paused": 1, "reset": 1, "timed_out": 0, "worker_shutdown": 0}
"""Why an attempt is cancelled, and whether the notice counts as sent whose mail the server has then.

Where the attempt is taken back, the candidacy hears the answer. Otherwise nobody does, and nothing is awaited.
"""


class _SlowAfterTheFirst(SlowMailbox):
    """It answers the first mail at once."""

    async def handle_DATA(self, *given: Any) -> str:
        take = super().handle_DATA if self.subjects else partial(Mailbox.handle_DATA, self)
        return await take(*given)


@pytest.mark.parametrize("why", CANCELLED)
async def test_an_attempt_that_is_cancelled_says_what_went_out_and_begins_no_further_one(why: str) -> None:
    port, mailbox = free_port(), _SlowAfterTheFirst("ana@")
    with mail_server(mailbox, port):
        environment = attempt()
        notices = Notices(MailServer(f"smtp://127.0.0.1:{port}"), recording())
        sending = asyncio.create_task(environment.run(notices.send_notice, asked(behind(1), behind(2))))
        await eventually(lambda: len(mailbox.subjects) == 2, "the mail server has the second mail")
        environment.cancel(ActivityCancellationDetails(**{why: True}))
        await asyncio.sleep(0)
        mailbox.may_answer.set()
        assert (await sending).following == CANCELLED[why]
    assert len(mailbox.subjects) == 2
