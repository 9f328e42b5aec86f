"""What is said where the record and Temporal count different numbers of open candidacies."""

from datetime import UTC, datetime

import pytest

from cli.behind import Behind, Known
from record.finding import Wanted


def said(in_record: int, at_temporal: int) -> str:
    return " ".join(Behind(Known(None, in_record, Wanted(), datetime(2026, 1, 1, tzinfo=UTC)), at_temporal).sentences)


@pytest.mark.parametrize(("in_record", "at_temporal"), [(380, 1000), (1000, 380)])
def test_both_numbers_are_said_and_what_to_do(in_record: int, at_temporal: int) -> None:
    assert f"it has {in_record:,}, and Temporal {at_temporal:,}." in said(in_record, at_temporal)
    assert "ask again in a moment" in said(in_record, at_temporal)


def test_why_the_record_may_have_more_for_good_is_said_only_where_it_has_more() -> None:
    why = "terminated or deleted by hand, or this is the record of another server or namespace"
    assert why in said(2, 1)
    assert why not in said(1, 2)
    assert why not in said(2, 2)
