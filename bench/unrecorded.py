"""Certpath without a record, with which Certpath is compared: whatever is to be recorded counts as recorded at once."""

from __future__ import annotations

from collections.abc import Sequence

from activities.recording import Early, Recording
from activities.requests import NoticeAnswer, NoticeRequest, RecordRequest
from domain.personal import Delivery


class Unrecorded(Recording):
    """Writes nothing, and keeps no thread waiting. Each request is read and answered all the same."""

    def __init__(self) -> None:
        super().__init__("")

    async def _record(self, request: RecordRequest) -> int:
        return int(request.events[-1]["sequence"]) if request.events else 0

    async def record_notices(
        self, request: NoticeRequest, sent: Sequence[Delivery], early: Early | None = None
    ) -> NoticeAnswer:
        return NoticeAnswer(recorded=await self.record_if_possible(request.to_record), following=len(sent) - 1)
