"""Carries out what follows from decisions: notices, and the opening of advancements. No decision waits for it."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.commands import AnswerAdvancement, ReportUndeliverable
    from domain.effects import Effect, Notify, OpenAdvancement
    from workflows import counting, inquiries
    from workflows.journal import Journal


async def send(journal: Journal, lane: type[Notify] | type[OpenAdvancement]) -> None:
    """Carries out the effects of one kind in order: no advancement waits behind a mail server that is down."""
    while True:
        waiting = [effect for effect in journal.outbox if isinstance(effect, lane)]
        if not waiting:
            await workflow.wait_condition(lambda: any(isinstance(effect, lane) for effect in journal.outbox))
            continue
        effect = waiting[0]
        if isinstance(effect, Notify):
            await _notify(journal, effect)
        else:
            refused = await inquiries.open_advancement(effect, journal.state, journal.contact)
            journal.take(AnswerAdvancement(workflow_id=effect.workflow_id, refusal=refused), workflow.now())
        _done(journal, effect)


async def _notify(journal: Journal, notice: Notify) -> None:
    state = journal.state
    until = notice.queued_at + timedelta(days=state.programme.rules.notices.retry_days)
    if until <= workflow.now():
        give_up(journal, notice, "it could not be sent in the time that the scheme allows")
        return
    try:
        await inquiries.send_notice(notice, state.workflow_id, state.enrolment, journal.contact, until)
    except ActivityError as error:
        give_up(journal, notice, inquiries.told(error), refused_for_good=inquiries.never_again(error))


def give_up(journal: Journal, effect: Effect, reason: str, *, refused_for_good: bool = False) -> None:
    """Takes an effect off the outbox and says on the timeline that it did not happen.

    `refused_for_good`: the mail server refused the notice, and the activity has counted that.
    """
    _done(journal, effect)
    if isinstance(effect, Notify):
        if not refused_for_good:
            counting.given_up(effect.notice)
        report = ReportUndeliverable(notice=effect.notice, about=effect.sequence, reason=reason)
        journal.take(report, workflow.now())


def _done(journal: Journal, effect: Effect) -> None:
    if effect in journal.outbox:
        journal.outbox.remove(effect)
