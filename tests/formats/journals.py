"""Journals of candidacies in every state of a life, as builds of every age have handed them over.

`journals/<format>/` has them, one file for each state. A file that is there is left alone: it stands for the
candidacies of years ago. Add a state here when a change brings one, and with each new format number all are recorded
once more in a folder of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from domain.commands import AnswerAdvancement, Cancel, RefuseMessage, ReportUndeliverable
from domain.formats import FORMAT
from domain.vocabulary import AlarmKind, RefusalCode, UndeliveredCause
from tests.formats.kept import FOLDER, Addition
from tests.formats.lives import BY, CANDIDATE, Life
from tests.workflows.journeys import LEADERSHIP, OPERATIONS, PEOPLE

JOURNALS = FOLDER / "journals"


def paths() -> list[Path]:
    """The journals that are kept, of every format."""
    return sorted(JOURNALS.glob("*/*.json"))


def name_of(path: Path) -> str:
    """The format and the state of a kept journal: `1/held`."""
    return f"{path.parent.name}/{path.stem}"


def read(path: Path, candidate_id: str = CANDIDATE) -> dict[str, Any]:
    """A kept journal. All are of one candidate: name another one where candidacies meet, in Temporal or in a record."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").replace(CANDIDATE, candidate_id))
    return document


def additions() -> Iterator[Addition]:
    """The states that are not kept yet in the format of today."""
    for name, live in STATES.items():
        path = JOURNALS / str(FORMAT) / f"{name}.json"
        if not path.exists():
            text = json.dumps(live().journal.carried(), indent=1, ensure_ascii=False)
            yield Addition(path, tuple(text.splitlines()), "a journal")


def faults() -> Iterator[str]:
    """Nothing that today's code does can be wrong with a recording; the tests live on with each."""
    return iter(())


# --- before the certificate ---------------------------------------------------------------------------------


def _paid(designation: str = "CCMA") -> Life:
    return Life.begun(designation).sent()


def _awaiting_purchase_held() -> Life:
    return Life.begun("CCMA", paid=False).result("H-1", PEOPLE).sent()


def _extended() -> Life:
    life = _paid("CCOM").passes(but=LEADERSHIP).after(days=700)
    return life.say("extend_deadline", until="2026-05-31", reason="storm damage", approved_by="M. Vogel").sent()


def _retaking() -> Life:
    life = _paid().result("R-1", OPERATIONS, 50).after(days=31).result("R-2", OPERATIONS, outcome="no_show")
    return life.result("R-3", PEOPLE, outcome="voided").result("R-4", LEADERSHIP, "74.99").sent()


def _out_of_attempts() -> Life:
    life = _paid()
    for attempt in range(3):
        life.result(f"R-{attempt}", OPERATIONS, 50).after(days=31 if attempt < 2 else 2)
    return life.sent()


def _held() -> Life:
    life = _paid().passes(but=PEOPLE)
    life.result("H-1", PEOPLE, form="PM-A", responses={"1": "A"})
    return life.result("H-2", PEOPLE, 80, passed=False, message_id="m-1").sent()


def _settling() -> Life:
    return _paid("CCSL").after(days=735).sent()


def _settled_but_held() -> Life:
    """The settlement is over, and a held result keeps the candidacy open."""
    return _held().until_rung(AlarmKind.SETTLED).after(days=1).sent()


def _revise() -> Life:
    return _paid("CCOM").passes().submits().reviews("revise").sent()


def _refused_message() -> Life:
    life = _paid()
    for number in (1, 2):
        life.take(
            RefuseMessage(
                message="suspend",
                code=RefusalCode.NOT_A_HOLDER,
                reason="only a holder's certificate can be suspended",
                from_signal=True,
                sha256=f"{number}" * 64,
                excerpt="{}",
                message_id=f"m-{number}",
            )
        )
    return life.sent()


def _contact_changed() -> Life:
    life = _paid().say("update_contact", name="Ana Ruiz-Vega", email="ana.ruiz@example.org")
    life.after(days=3).say("update_contact", publish=True)
    life.take(
        ReportUndeliverable(notice="registered", about=1, reason="no such address", cause=UndeliveredCause.REFUSED)
    )
    return life.say("record_self_assessment", domain=PEOPLE, percentage="60.5").sent()


# --- with the certificate -----------------------------------------------------------------------------------


def _holder(designation: str = "CCMA") -> Life:
    return _paid(designation).certified().sent()


def _held_after_certification() -> Life:
    return _holder().after(days=3).result(f"R-{PEOPLE}", PEOPLE, 40, revision=2).sent()


def _requirement_undone() -> Life:
    life = _held_after_certification()
    fields = {"result_id": f"R-{PEOPLE}", "decision": "accept", "by": "B. Oss", "reason": "it is right"}
    return life.say("resolve_held_result", **fields).sent()


def _recertifying(designation: str = "CCMC") -> Life:
    return _holder(designation).after(days=800).sent()


def _returned() -> Life:
    fields = {"submission_id": "E-1", "reviewer": "R. Viewer", "verdict": "returned", "comments": "Say when."}
    return _recertifying().evidence().say("review_recertification", **fields).sent()


def _lapse_deferred() -> Life:
    """The grace period is over while evidence that was submitted in it is under review."""
    return _holder().after(days=1150).evidence().until_rung(AlarmKind.LAPSE).after(days=1).sent()


def _renewal_closed() -> Life:
    return _holder().until_rung(AlarmKind.END).after(days=2).sent()


def _renewed(days: float) -> Life:
    return _holder().after(days=days).evidence().approved().after(days=40).sent()


def _suspension_unresolved() -> Life:
    return _holder().say("suspend", **BY).after(days=181).sent()


def _scheme_not_loaded() -> Life:
    life = _holder()
    life.scheme_loads = False
    return life.until_rung(AlarmKind.RECERTIFICATION).after(days=1).sent()


def _cancel_refused() -> Life:
    life = _holder()
    life.take(Cancel())
    return life.sent()


# --- advancement --------------------------------------------------------------------------------------------


def _advancing() -> Life:
    experience = {"role": "Manager", "started_on": "2022-01-01"}
    return _holder().after(days=30).say("request_advancement", purchase={"reference": "INV-9"}, experience=experience)


def _advancement_refused() -> Life:
    life = _advancing()
    life.take(AnswerAdvancement(workflow_id=life.higher, refusal="a candidacy for CCOM is open already"))
    return life.sent()


def _advancement_ended() -> Life:
    life = _advancing().sent()
    fields = {"by_workflow_id": life.higher, "ended_as": "withdrawn", "message_id": "CCOM:0:9"}
    return life.say("end_advancement", **fields).sent()


def _superseded() -> Life:
    """Closed, and the higher candidacy is still to be told."""
    life = _advancing().sent().after(days=10)
    return life.say("supersede", by_workflow_id=life.higher, by_number="CCOM-AAAA-BBBB-CCCC", at=life.now)


def _higher() -> Life:
    return Life.begun("CCOM", lower="CCMA").sent()


def _higher_asking() -> Life:
    """Everything is met, and the lower certificate was asked in vain."""
    return _higher().submits().reviews().after(minutes=1).sent()


def _higher_certified() -> Life:
    life = _higher().submits().reviews()
    life.lower_gives_way = True
    return life.after(minutes=1).sent()


def _higher_withdrawn() -> Life:
    """Closed, and the lower certificate is still to be told."""
    return _higher().say("withdraw", reason="a new job")


# --- effects that wait --------------------------------------------------------------------------------------


def _notices_waiting() -> Life:
    return _holder().say("suspend", **BY).say("reinstate", **BY).after(days=740)


def _closed_with_notices() -> Life:
    return _holder().say("suspend", **BY).say("revoke", **BY)


STATES: dict[str, Callable[[], Life]] = {
    "awaiting-purchase": lambda: Life.begun("CCSL", paid=False).sent(),
    "awaiting-purchase-held": _awaiting_purchase_held,
    "testing": lambda: _paid("CCSL").passes(but=LEADERSHIP).sent(),
    "extended": _extended,
    "retaking": _retaking,
    "out-of-attempts": _out_of_attempts,
    "held": _held,
    "settling": _settling,
    "settled-but-held": _settled_but_held,
    "work-product-submitted": lambda: _paid("CCOM").submits().sent(),
    "awaiting-review": lambda: _paid("CCOM").passes().submits().sent(),
    "revise": _revise,
    "revise-overdue": lambda: _revise().after(days=33).sent(),
    "work-product-failed": lambda: _paid("CCOM").passes().submits().reviews("failed").sent(),
    "awaiting-experience": lambda: Life.begun("CCSL", since=date(2023, 9, 1)).passes().submits().reviews().sent(),
    "refused-message": _refused_message,
    "contact-changed": _contact_changed,
    "certified": _holder,
    "held-after-certification": _held_after_certification,
    "requirement-undone": _requirement_undone,
    "recertifying": _recertifying,
    "returned": _returned,
    "under-review": lambda: _holder().after(days=1000).evidence().sent(),
    "grace": lambda: _holder().after(days=1110).sent(),
    "grace-under-review": lambda: _holder().after(days=1110).evidence().sent(),
    "lapse-deferred": _lapse_deferred,
    "lapsed": lambda: _holder().after(days=1200).sent(),
    "renewal-closed": _renewal_closed,
    "recertified": lambda: _renewed(1000),
    "recertified-with-a-gap": lambda: _renewed(1300),
    "suspended": lambda: _holder().say("suspend", **BY).sent(),
    "suspension-unresolved": _suspension_unresolved,
    "scheme-not-loaded": _scheme_not_loaded,
    "cancel-refused": _cancel_refused,
    "advancing": _advancing,
    "advancement-refused": _advancement_refused,
    "advancement-ended": _advancement_ended,
    "superseded": _superseded,
    "higher": _higher,
    "higher-asking": _higher_asking,
    "higher-certified": _higher_certified,
    "higher-withdrawn": _higher_withdrawn,
    "notices-waiting": _notices_waiting,
    "closed-with-notices": _closed_with_notices,
}
"""How each state is reached. The results that wait for a score are in `held`."""
