"""The digests of messages, as open candidacies have them in their ledgers: they stay the same for ever."""

import pytest

from domain.commands import MESSAGES, Message, Registration
from domain.messages import digest_of
from tests.unit.domain.builders import START, parse
from tests.unit.domain.test_messages import SOUND

RECORDED = {
    "record_self_assessment": "3c81001e21f2093504ce",
    "record_assessment_result": "b74a3e37cecab3c40c7a",
    "resolve_held_result": "7e5e64f5994a6e3f1aa7",
    "record_experience": "86316b9880012cfed3a6",
    "review_work_product": "4ca242d758c69b961054",
    "submit_recertification": "81d6b30a5503fe439cb0",
    "review_recertification": "9c95a6a2567708646885",
    "request_advancement": "9511841a52bbbc3311b1",
    "extend_deadline": "2bfca48f8c5e7230bb31",
    "suspend": "638793dfa3956985fa58",
    "reinstate": "1769486dac79b7d389ac",
    "revoke": "c971ee8cb6175512d9cc",
    "withdraw": "c11a1eada57c34f50339",
    "update_contact": "e84741f13a46542e4cd4",
    "acknowledge": "201a85a3b6d56b794191",
    "supersede": "4fb12f7f39fdfe6127a9",
}
"""The digests that the first release gave to these messages. Never change one: a known message id would be refused."""


@pytest.mark.parametrize("name", list(RECORDED))
def test_a_message_of_an_older_build_keeps_its_digest(name: str) -> None:
    assert digest_of(parse(name, **SOUND[name])) == RECORDED[name]


def test_a_registration_and_a_purchase_keep_their_digests() -> None:
    purchase = {"reference": "I", "purchased_at": "2026-11-22T15:00:00Z"}
    person = {"candidate_id": "C-1", "name": "Ana", "email": "ana@example.org", "designation": "CCSL"}
    registration = Registration.model_validate({**person, "purchase": purchase})
    assert digest_of(registration) == "0a3b27cd860a0c293b95"
    assert digest_of(parse("confirm_purchase", reference="INV-1", purchased_at=START)) == "6c32892612b660595c13"


def test_a_field_that_was_added_later_counts_where_it_is_given() -> None:
    plain = parse("resolve_held_result", **SOUND["resolve_held_result"])
    assert digest_of(parse("resolve_held_result", **SOUND["resolve_held_result"], hold=None)) == digest_of(plain)
    assert digest_of(parse("resolve_held_result", **SOUND["resolve_held_result"], hold=7)) != digest_of(plain)


@pytest.mark.parametrize("kind", list(MESSAGES.values()), ids=list(MESSAGES))
def test_only_an_optional_field_may_be_added(kind: type[Message]) -> None:
    assert all(not kind.model_fields[name].is_required() for name in kind.added)
