"""The shell carries out what the domain says as data: a call for each inquiry, a row for each effect, no message."""

import ast
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast, get_args

import pytest
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.exceptions import FailureError

from domain import inquiries, rulebook
from domain.commands import MESSAGES, Message, RequestAdvancement, Revoke
from domain.effects import Effect, Notify, OpenAdvancement
from domain.scheme import Programme
from domain.types import Frozen
from domain.vocabulary import UndeliveredCause
from runtime.settings import ROOT
from tests.workflows.journeys import PEOPLE, START, Candidate, World
from tests.workflows.seeds import Past, take
from workflows import calls, inbox, outbox, payloads

PACKAGE = ROOT / "workflows"
KINDS_OF_MESSAGES = {kind.__name__ for kind in MESSAGES.values()}


def past() -> Past:
    """A candidacy that was registered and purchased today, without a server."""
    return Past(Candidate(cast("Client", None), "CCMA", "C-1"), START)


def names(source: str) -> set[str]:
    """Each name that this source code imports or uses."""
    tree = ast.parse(source)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return imported | used


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_no_message_of_the_contract_is_named_in_the_shell(path: Path) -> None:
    assert not names(path.read_text()) & KINDS_OF_MESSAGES


@pytest.mark.parametrize(
    "source", ["from domain.commands import Withdraw", "from domain import commands\nx = commands.Withdraw"]
)
def test_a_message_that_is_named_would_be_found(source: str) -> None:
    assert names(source) & KINDS_OF_MESSAGES


def test_every_inquiry_has_a_call() -> None:
    assert set(calls._CALLS) == set(get_args(inquiries.Inquiry))


def test_every_kind_of_effect_has_a_row_and_its_lane_a_task() -> None:
    kinds = get_args(get_args(Effect)[0])
    assert set(outbox.ROWS) == set(kinds)
    assert set(outbox.LANES) == {row.lane for row in outbox.ROWS.values()}


def test_an_effect_of_an_unknown_kind_is_an_error_and_never_taken_for_another() -> None:
    class Telegram(Frozen):
        """An effect that nobody has made a row for."""

    holder = past()
    holder.journal.outbox.append(Telegram())  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="Telegram"):
        outbox._next(holder.journal, "notices")


def test_an_advancement_that_was_not_opened_before_the_end_is_recorded() -> None:
    """It used to be dropped without a word."""
    holder = past().passes()
    journal, now = holder.journal, holder.now + timedelta(days=1)
    request = RequestAdvancement.model_validate({"purchase": {"reference": "INV-9"}})
    assert "AdvancementRequested" in take(journal, request, now)
    assert "CandidacyClosed" in take(journal, Revoke(reason="fraud", by="M. Reyes"), now)
    opening = next(effect for effect in journal.outbox if isinstance(effect, OpenAdvancement))
    row = outbox.ROWS[OpenAdvancement]
    given_up = row.given_up(opening, row.closed_too_soon or "", UndeliveredCause.CLOSED)
    assert given_up is not None
    assert take(journal, given_up, now) == ["AdvancementRefused"]
    assert any(isinstance(effect, Notify) and effect.notice == "advancement-refused" for effect in journal.outbox)


def test_an_answer_that_cannot_be_undone_rings_its_own_alarm_whichever_alarm_asked() -> None:
    now = past().now
    assert inquiries.rings_as(inquiries.LowerAnswer(superseded_at=now)) == "lower"
    assert inquiries.rings_as(inquiries.LowerAnswer(superseded_at=None, reason="in grace")) is None
    assert inquiries.rings_as(inquiries.ProgrammeLoaded(None)) is None
    assert inquiries.rings_as(None) is None


def test_nothing_is_asked_for_a_closed_candidacy() -> None:
    holder = past()
    result = {"result_id": "R-1", "domain": PEOPLE, "taken_at": holder.now, "form": "PM-A", "responses": {"1": "B"}}
    message = MESSAGES["record_assessment_result"].model_validate(result)
    assert isinstance(rulebook.inquiry(holder.journal.state, message), inquiries.ScoreResponses)
    take(holder.journal, MESSAGES["withdraw"](), holder.now)
    assert rulebook.inquiry(holder.journal.state, message) is None


def test_only_a_registration_that_is_invalid_fails_a_run() -> None:
    """Clients start a corrected registration after a failed run, and must never open a candidacy anew by that."""
    functions = [
        (path.stem, node)
        for path in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        # A query fails alone.
        and not any("workflow.query" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]

    def calling(name: str) -> set[str]:
        return {
            f"{module}.{function.name}"
            for module, function in functions
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name
        }

    assert calling("ApplicationError") == {"payloads.failure"}
    # The first two answer an update; `_open` runs before there is a candidacy.
    assert calling("failure") == {"inbox.validate", "inbox.take_update", "certification._invalid"}
    assert calling("self._invalid") == {"certification._open"}
    # An activity that fails for good is no failure of the run.
    assert not issubclass(calls.Failed, FailureError)


async def test_an_update_is_parsed_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = await world.registered()
    parsed: list[str] = []

    def counted(name: str, given: Sequence[RawValue], programme: Programme | None) -> Message:
        parsed.append(name)
        return payloads.read_message(name, given, programme)

    monkeypatch.setattr(inbox, "read_message", counted)
    await candidate.send("record_self_assessment", domain=PEOPLE, percentage=70)
    await candidate.send("record_self_assessment", domain=PEOPLE, percentage=71)
    assert parsed == ["record_self_assessment"] * 2
