"""The only package that does input and output: the scheme, answer keys, notices, the record, and other
candidacies.

Every activity may run twice, because a worker can die after doing the work and before reporting it. Each module says
why that is harmless. This module imports nothing at the top: the workflows import `activities.requests` inside their
sandbox, which must not load mail and templates.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from temporalio.client import Client

    from activities.recording import Recording
    from activities.waiting import WaitingNotices
    from runtime.settings import Settings

__all__ = ["build"]


def build(
    settings: "Settings",
    client: "Client",
    waiting: "WaitingNotices | None" = None,
    recording: "Recording | None" = None,
    may_hang: int | None = None,
) -> list[Callable[..., Any]]:
    """All activities, with the settings and the client that they need.

    Some are synchronous, so the worker needs a pool of threads as its `activity_executor`.

    `waiting` keeps the notices that could not be sent yet, for a metric. `recording` stands for the record of the
    settings. So many notices as `may_hang` says wait for a mail server that hangs.

    Raises:
        ValueError: the address of the mail server is not one.
    """
    from activities.advancement import Advancement
    from activities.delivery import MAY_HANG, carrier
    from activities.notices import Notices
    from activities.programme import ProgrammeLoader
    from activities.recording import Recording
    from activities.scoring import Scoring

    advancement = Advancement(client, settings.scheme)
    recording = recording or Recording(settings.record_url)
    way_out = carrier(settings.outbox, settings.smtp_url, may_hang or MAY_HANG)
    return [
        ProgrammeLoader(settings.scheme).load_programme,
        Scoring(settings.answer_keys).score_responses,
        Notices(way_out, recording, waiting=waiting).send_notice,
        recording.record_events,
        advancement.open_advancement,
        advancement.supersede_lower,
        advancement.tell_candidacy,
    ]
