"""The answers to queries, for each state of a life, as workers of every age have given them to clients.

`answers/` has one file for each state: `status`, `contact`, `timeline`, `receipts` and `foresee`. A file that is there
is left alone: a client reads the answers of builds that are years old.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.commands import Registration
from tests.formats.examples import EXAMPLES, REGISTRATION
from tests.formats.journals import STATES
from tests.formats.kept import FOLDER, Addition
from tests.formats.lives import BY, Life
from views.contact import contact_before, contact_view
from views.standing import status_before, status_view
from views.timeline import timeline_view
from workflows.foreseeing import foresee

ANSWERS = FOLDER / "answers"
BEFORE = "before-the-registration"


def paths() -> list[Path]:
    """The answers that are kept."""
    return sorted(ANSWERS.glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def additions() -> Iterator[Addition]:
    """The answers of the states that are not kept yet."""
    for name in (BEFORE, *STATES):
        path = ANSWERS / f"{name}.json"
        if not path.exists():
            answers = _before() if name == BEFORE else _of(STATES[name]())
            text = json.dumps(answers, indent=1, ensure_ascii=False)
            yield Addition(path, tuple(text.split("\n")), "answers")


def faults() -> Iterator[str]:
    """The tests read every answer, and print it."""
    return iter(())


def _of(life: Life) -> dict[str, Any]:
    """What a worker of today answers."""
    journal, at = life.journal, life.now + timedelta(hours=1)
    suspended, withdrawn = json.dumps(BY), json.dumps({"reason": "a new job", "message_id": "m-1"})
    return {
        "status": status_view(journal.state, journal.contact.name, at).document(),
        "contact": contact_view(journal.state, journal.contact).document(),
        "timeline": [entry.document() for entry in timeline_view(journal.events, 3)],
        "receipts": journal.receipts(list(journal.ledger)),
        "foresee": [
            *foresee(journal, "suspend", [suspended, "{}"], at),
            *foresee(journal, "withdraw", [withdrawn, withdrawn], at),
        ],
    }


def _before() -> dict[str, Any]:
    registration = Registration.model_validate(EXAMPLES[REGISTRATION][2])
    return {
        "status": status_before(registration).document(),
        "contact": contact_before(registration).document(),
        "timeline": [],
        "receipts": {},
        "foresee": [],
    }
