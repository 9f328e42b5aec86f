"""Records the journals that later versions of the engine must still be able to read: `python -m tests.formats.record`.

`journals/` has payloads of continue-as-new. The tests load them and let their alarms ring for ever.

Files that are there already are left alone, for they stand for the candidacies of years ago.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.commands import RefuseMessage
from domain.vocabulary import RefusalCode
from runtime.settings import ROOT
from tests.workflows.journeys import LEADERSHIP, PEOPLE, Candidate
from tests.workflows.seeds import Past

JOURNALS = Path(__file__).parent / "journals"
BEGUN = datetime(2024, 2, 29, 18, tzinfo=UTC)


def _past(designation: str, **options: Any) -> Past:
    nobody: Any = None
    return Past(Candidate(nobody, designation, "F-1"), BEGUN, **options)


def journals() -> dict[str, Past]:
    """Candidacies in every standing that a run can be handed over in."""
    past = {
        "awaiting-purchase": _past("CCSL", paid=False),
        "testing": _past("CCSL").passes(but=LEADERSHIP),
        "held": _held(),
        "revise": _past("CCOM").passes(),
        "awaiting-experience": _past("CCSL", since=date(2023, 9, 1)).certify(yet=False),
        "settling": _past("CCSL").until(BEGUN + timedelta(days=735)),
        "certified": _past("CCMA").certify(),
        "recertifying": _past("CCMC").certify().until(BEGUN + timedelta(days=800)),
        "under-review": _submitted(),
        "suspended": _past("CCMA").certify().say("suspend", reason="a complaint", by="M. Vogel"),
        "grace": _past("CCMA").certify().until(BEGUN + timedelta(days=1110)),
        "lapsed": _past("CCMA").certify().until(BEGUN + timedelta(days=1200)),
        "refused-message": _refused(),
        "advancing": _past("CCMA").certify().say("request_advancement", purchase={"reference": "INV-9"}),
    }
    past["revise"].say("submit_work_product", submission_id="W-1", uri="urn:x", sha256="ab" * 32)
    past["revise"].say("review_work_product", submission_id="W-1", reviewer="R. Viewer", verdict="revise")
    return past


def _held() -> Past:
    past = _past("CCMA").passes(but=PEOPLE)
    result = {"domain": PEOPLE, "taken_at": BEGUN}
    past.say("record_assessment_result", result_id="H-1", **result, form="PM-A", responses={"1": "A"})
    past.say("record_assessment_result", result_id="H-2", **result, percentage="80", passed=False, message_id="m-1")
    return past


def _refused() -> Past:
    past = _past("CCMA")
    for number in (1, 2):
        past.journal.refuse(
            RefuseMessage(
                message="suspend",
                code=RefusalCode.NOT_A_HOLDER,
                reason="only a holder's certificate can be suspended",
                from_signal=True,
                sha256=f"{number}" * 64,
                excerpt="{}",
                message_id=f"m-{number}",
            ),
            past.now,
        )
    return past


def _submitted() -> Past:
    past = _past("CCMA").certify().until(BEGUN + timedelta(days=1000))
    activities = [{"title": "A course", "completed_on": "2026-01-05", "hours": 7.5, "uri": "https://example.org/c"}]
    return past.say("submit_recertification", submission_id="E-1", activities=activities, message_id="m-9")


def record_journals() -> None:
    for name, past in journals().items():
        path = JOURNALS / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(past.journal.carried(), indent=1, ensure_ascii=False) + "\n")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    JOURNALS.mkdir(exist_ok=True)
    record_journals()
