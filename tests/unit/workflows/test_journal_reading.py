"""A journal of an older build is read, and an error of one that cannot be read shows nobody's name or address."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.cases import each
from tests.unit.domain.builders import Candidacy
from workflows.journal import Journal


def carried() -> dict[str, Any]:
    """The journal of a candidacy in the middle of testing, as continue-as-new carries it."""
    candidacy = Candidacy()
    return Journal.model_validate(
        {"contact": candidacy.contact, "state": candidacy.state, "events": candidacy.events}
    ).carried()


def test_texts_that_a_message_may_no_longer_have_stay_readable() -> None:
    written = json.dumps(carried()).replace("Ana Ruiz", r"Ana\u200bRuiz\u202e").replace("INV-77", r"INV\u2028-77")
    journal = Journal.model_validate_json(written.replace("ana@", r"ana\u2060@").replace("Director", r"Di\ufeffrector"))
    assert journal.contact.name == "Ana\u200bRuiz\u202e"
    assert journal.contact.email == "ana\u2060@example.org"
    assert journal.state.window is not None
    assert journal.state.window.reference == "INV\u2028-77"
    assert Journal.model_validate(journal.carried()) == journal


@each("wrong", [{"name": 7}, {"email": ["ana@example.org"]}, {"former": "+1 555"}])
def test_an_error_of_a_journal_shows_none_of_its_values(wrong: dict[str, Any]) -> None:
    document = carried()
    document["contact"] |= wrong
    with pytest.raises(ValidationError) as caught:
        Journal.model_validate(document)
    for private in ("Ana", "Ruiz", "example.org", "555"):
        assert private not in str(caught.value)
    assert "contact" in str(caught.value)
