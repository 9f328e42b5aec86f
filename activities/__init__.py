"""The only place with input and output: the scheme, answer keys, notices, and other candidacies.

Every activity may run twice (a worker can die between doing the work and saying so); each module says what
makes that harmless. Top-level imports stay empty: the workflows read `activities.requests` inside their
sandbox, which must load neither mail nor templates.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from temporalio.client import Client

    from activities.waiting import WaitingNotices
    from runtime.settings import Settings

__all__ = ["build"]


def build(settings: "Settings", client: "Client", waiting: "WaitingNotices | None" = None) -> list[Callable[..., Any]]:
    """All activities, bound to what they need. Synchronous ones need a thread `activity_executor`.

    `waiting` is told which notices could not be sent yet.
    """
    from activities.advancement import Advancement
    from activities.delivery import carrier
    from activities.notices import Notices
    from activities.programme import ProgrammeLoader
    from activities.scoring import Scoring

    advancement = Advancement(client)
    return [
        ProgrammeLoader(settings.scheme).load_programme,
        Scoring(settings.answer_keys).score_responses,
        Notices(carrier(settings.outbox, settings.smtp_url), waiting=waiting).send_notice,
        advancement.open_advancement,
        advancement.supersede_lower,
    ]
