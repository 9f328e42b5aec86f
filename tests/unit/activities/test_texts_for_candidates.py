"""Which texts of messages a candidate reads: those that are marked in the message's class, and no other."""

import json
from collections.abc import Callable
from typing import Any

from activities.rendering import Renderer
from domain.commands import FOR_THE_CANDIDATE, MESSAGES
from domain.effects import Notify
from tests.cases import each
from tests.unit.domain.builders import PEOPLE, START, Candidacy, days, holder, local

SECRET = "a text of its own that stands nowhere else"
BY = {"by": "Pat Lee"}


def held() -> Candidacy:
    candidacy = Candidacy()
    candidacy.result(PEOPLE, 80, result_id="R-7", passed=False)
    return candidacy


def submitted() -> Candidacy:
    candidacy = Candidacy()
    candidacy.submit()
    return candidacy


def renewing() -> Candidacy:
    candidacy = holder()
    candidacy.evidence("E-1", "2029-04-01", local("2029-04-02"))
    return candidacy


def suspended() -> Candidacy:
    candidacy = holder()
    candidacy.say("suspend", reason="a complaint", **BY)
    return candidacy


def alarmed() -> Candidacy:
    candidacy = Candidacy()
    candidacy.signal("suspend", reason="too early", **BY)
    return candidacy


WP = {"submission_id": "WP-1", "reviewer": "Pat Lee"}
CASES: list[tuple[Callable[[], Candidacy], str, str, dict[str, Any]]] = [
    (held, "resolve_held_result", "reason", {"result_id": "R-7", "decision": "accept", **BY}),
    (held, "resolve_held_result", "reason", {"result_id": "R-7", "decision": "reject", **BY}),
    *((submitted, "review_work_product", "comments", {**WP, "verdict": one}) for one in ("passed", "revise", "failed")),
    *(
        (
            renewing,
            "review_recertification",
            "comments",
            {"submission_id": "E-1", "reviewer": "Pat Lee", "verdict": one},
        )
        for one in ("approved", "returned")
    ),
    (Candidacy, "extend_deadline", "reason", {"until": (START + days(800)).date(), "approved_by": "Kim Stone"}),
    (holder, "suspend", "reason", BY),
    (suspended, "reinstate", "reason", BY),
    (holder, "revoke", "reason", BY),
    (Candidacy, "withdraw", "reason", {}),
    (alarmed, "acknowledge", "note", {"attention": "refused-message", **BY}),
]


def mails(candidacy: Candidacy, effects: int) -> str:
    """The mails that go out for what has happened since there were so many effects."""
    notices = [effect for effect in candidacy.effects[effects:] if isinstance(effect, Notify)]
    texts = ["\n".join(Renderer().render(notice.notice, "Ana Ruiz", notice.facts)) for notice in notices]
    return " ".join("\n".join(texts).split())


@each(("made", "name", "field", "fields"), CASES)
def test_a_mail_quotes_a_text_exactly_where_the_message_says_so(
    made: Callable[[], Candidacy], name: str, field: str, fields: dict[str, Any]
) -> None:
    candidacy = made()
    effects = len(candidacy.effects)
    assert candidacy.say(name, **fields, **{field: SECRET})
    marked = MESSAGES[name].model_fields[field].description == FOR_THE_CANDIDATE
    assert (SECRET in mails(candidacy, effects)) is marked


def test_the_temporal_ui_says_which_texts_the_candidate_reads() -> None:
    assert "reason (the candidate reads it, word by word), by" in MESSAGES["suspend"].help()
    assert "[comments] (the candidate reads it, word by word)" in MESSAGES["review_work_product"].help()
    assert "reads" not in MESSAGES["acknowledge"].help()


def test_every_free_text_of_a_message_is_one_of_these() -> None:
    texts = {
        (name, field)
        for name, kind in MESSAGES.items()
        for field in kind.model_fields
        if '"maxLength": 1000' in json.dumps(kind.model_json_schema()["properties"][field]) and field != "uri"
    }
    assert texts == {(name, field) for _, name, field, _ in CASES}
