"""Says what would come of messages, without taking them: for a dry run of a feed, or of a message to many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypedDict

from domain import rulebook
from domain.decision import Refused
from domain.digests import matches
from domain.messages import InvalidMessage, check_times, check_vocabulary, parse_message
from domain.vocabulary import RefusalCode
from workflows.journal import Journal


class _Outcome(TypedDict):
    outcome: Literal["taken", "duplicate", "refused", "invalid", "open"]


class Foreseen(_Outcome, total=False):
    """What would come of one message, as the contract describes it."""

    events: list[str]
    code: str
    reason: str


def foresee(journal: Journal, name: str, payloads: Iterable[str], at: datetime) -> list[Foreseen]:
    """What would come of these messages at this instant (UTC), if they came one after another in this order.

    `name` is the name of them all, and `payloads` are their JSON texts. The journal does not change. The answers are
    those of the contract's query `foresee`.
    """
    state, contact = journal.state, journal.contact
    answers: list[Foreseen] = []
    for payload in payloads:
        try:
            message = parse_message(name, payload.encode("utf-8", "replace"), state.vocabulary)
            check_vocabulary(name, message, state.vocabulary)
            check_times(name, message, at)
            known = journal.ledger.get(message.message_id or "")
            if known:
                answers.append(_known(matches(known.digest, message), known.events))
                continue
            if rulebook.inquiry(state, message) is not None:
                answers.append({"outcome": "open", "reason": "it depends on something that is asked for first"})
                continue
            steps = rulebook.decide(state, message, at, contact=contact)
        except InvalidMessage as error:
            answers.append({"outcome": "invalid", "reason": str(error)})
            continue
        except Refused as error:
            answers.append(_refused(error))
            continue
        contact = contact.after(message, at, state.candidate_id)
        events = [type(step.event).__name__ for step in steps]
        answers.append({"outcome": "taken" if events else "duplicate", "events": events})
        state = steps[-1].state if steps else state
    return answers


def _known(same: bool, events: list[str]) -> Foreseen:
    if same:
        return {"outcome": "duplicate", "events": events}
    return _refused(Refused(RefusalCode.MESSAGE_ID_REUSED, "this message id was used before, for other content"))


def _refused(error: Refused) -> Foreseen:
    return {"outcome": "refused", "code": error.code, "reason": error.reason}
