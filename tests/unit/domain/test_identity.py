"""The workflow id of a candidacy: made and read in one place."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.identity import WORD, Identity, read_workflow_id, workflow_id_of
from tests.cases import each

WORDS = st.from_regex(WORD, fullmatch=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(designation=WORDS, candidate_id=WORDS)
def test_what_is_made_is_read_again(designation: str, candidate_id: str) -> None:
    assert read_workflow_id(workflow_id_of(designation, candidate_id)) == Identity(designation, candidate_id)


def test_a_workflow_id_is_that_of_the_contract() -> None:
    assert workflow_id_of("CCSL", "C-1001") == "certification:CCSL:C-1001"


@each("text", ["", "C-1", "CCSL:C-1", "certification:CCSL", "certification::C-1", "certification:A:B:C"])
def test_any_other_id_is_that_of_no_candidacy(text: str) -> None:
    with pytest.raises(ValueError, match="is not the workflow id of a candidacy"):
        read_workflow_id(text)
