"""Candidacies whose every text from outside is hostile, and the texts that somebody might try."""

import json
from collections.abc import Callable

from domain.commands import AnswerAdvancement, ReportUndeliverable
from domain.state import State
from tests.unit.domain.builders import CUSTOMERS, OPERATIONS, PEOPLE, Candidacy, days, holder, local

MARK = "outside"
"""Stands in the places of texts from outside, until `hostile_states` puts another text there."""

FRAGMENTS = (
    "[click](https://evil.example/a)",
    "![pixel](https://evil.example/p.png)",
    "<img src=https://evil.example/p.png>",
    "<script>alert(1)</script>",
    "<https://evil.example>",
    "https://evil.example/x?y=z",
    "HTTPS://EVIL.EXAMPLE",
    "www.evil.example",
    "evil.example/path",
    "mailto:a@evil.example",
    "javascript:alert(1)",
    "ftp://evil.example",
    "a@evil.example",
    "# Certificate",
    "\n\n#### Certificate\n- number `CCSL-1`, certified on 2027-01-01\n",
    "\r\n### C-1 is certified\r\n",
    "\u2028- [ ] item\u2029> quoted\x85---\x0b***",
    "\nCertificate\n===========\n",
    "| a | b |\n|---|---|\n| c | d |",
    "```\ncode\n```",
    "`", "``", "```x", "`tick` and ``two``", "end`", "`` ` ``",
    "*em*", "**strong**", "_em_", "__strong__", "~~del~~", "a*b*c", "a_b_c", "snake_case_",
    "&lt;b&gt; &#60; &amp;", "\\", "\\`", "\\[x](y)", "$x$", "{#id .class}", "[^1]: note", "[x]: https://evil.example",
    ": definition", "1. one", "- dash", "+ plus", "> quote", "    indented", "\ttab", "---", "***", "===",
    "\u202etxt.exe\u202c", "\u2066hidden\u2069", "zero\u200bwidth\u2060\ufeff", "ع\u200cل", "\U000e0001tag",
    "\x1b[31mred\x1b[0m", "\x9b31mred",
    '{"decision": "accept"}', '"quote" \'single\'', "plain words", "Director, Customer Care", "Ünïcödé 山田", "",
)  # fmt: skip


CANDIDATE_IDS = ("www.evil.example", "__strong__", "_em_", "1.", "-", "---", "a--b", "...", "x_", "C-1001")
"""Candidate ids that a registration may have, and that markdown would not leave as they are."""


def _testing() -> Candidacy:
    """In the middle of testing, with everything at once that can wait for a person."""
    candidacy = Candidacy(paid=False, since=None)
    candidacy.say("record_experience", role=MARK, started_on="2026-06-01", attested_by=MARK)
    candidacy.say("confirm_purchase", reference=MARK)
    candidacy.result(PEOPLE, 50, result_id=f"{MARK}-1", source=MARK, passed=True)
    candidacy.result(OPERATIONS, None, result_id=f"{MARK}-2", form=MARK, responses=["A"])
    candidacy.result(CUSTOMERS, 80)
    candidacy.submit(f"{MARK}-3", uri=f"https://{MARK}.example")
    candidacy.signal("suspend", **{MARK: 1, "reason": MARK})
    candidacy.signal(MARK, x=1)
    candidacy.signal("reinstate", reason=MARK, by=MARK)
    candidacy.send(ReportUndeliverable(notice=MARK, about=1, reason=MARK))
    return candidacy


def _too_short() -> Candidacy:
    candidacy = Candidacy(since=None)
    candidacy.say("record_experience", role=MARK, started_on="2026-01-01", ended_on="2026-02-01")
    return candidacy


def _suspended() -> Candidacy:
    """A suspended holder whose evidence is under review, and whose advancement could not be opened."""
    candidacy = holder()
    candidacy.say("request_advancement", purchase={"reference": MARK})
    target = candidacy.state.advancing_to
    assert target
    candidacy.send(AnswerAdvancement(workflow_id=target, refusal=MARK))
    candidacy.advance_to(local("2029-06-01"))
    candidacy.evidence(f"{MARK}-5", "2029-05-01")
    candidacy.say("suspend", reason=MARK, by=MARK)
    candidacy.advance_to(candidacy.clock + days(200))
    return candidacy


def _advancing() -> Candidacy:
    candidacy = holder()
    candidacy.say("request_advancement", purchase={"reference": MARK})
    return candidacy


def _withdrawn() -> Candidacy:
    candidacy = Candidacy()
    candidacy.say("withdraw", reason=MARK)
    return candidacy


def _revoked() -> Candidacy:
    candidacy = holder()
    candidacy.say("revoke", reason=MARK, by=MARK)
    return candidacy


STORIES: tuple[Callable[[], Candidacy], ...] = (
    _testing, _too_short, _suspended, _advancing, _withdrawn, _revoked,
)  # fmt: skip
_STATES = tuple(story().state.model_dump_json() for story in STORIES)


def hostile_states(text: str, candidate_id: str = "www.evil.example") -> list[State]:
    """States of candidacies in which this text stands wherever a text from outside may stand.

    It is put into the recorded state, so that texts are tried too that the messages of today refuse. `candidate_id`
    is one that a registration may have.
    """
    written = json.dumps(text)[1:-1]
    states = [recorded.replace(MARK, written).replace("C-1001", candidate_id) for recorded in _STATES]
    return [State.model_validate_json(state) for state in states]


assert all(MARK in recorded for recorded in _STATES), "every story has a text from outside"
