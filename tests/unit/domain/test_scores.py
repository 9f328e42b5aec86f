"""Rule 8: exact, unrounded, inclusive; shown truncated."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain.types import Score, parse_number
from tests.cases import each
from tests.unit.domain.builders import PEOPLE, Candidacy
from views.timeline import summary_of

PASSING = Decimal(75)


@each(
    ("points", "out_of", "reaches", "shown"),
    [
        ("75", "100", True, "75.00"),
        ("74.99999999999999999", "100", False, "74.99"),
        ("74.999", "100", False, "74.99"),
        ("75.0000000000000000000000001", "100", True, "75.00"),
        ("38", "51", False, "74.50"),
        ("39", "51", True, "76.47"),
        ("39", "52", True, "75.00"),
        ("2", "3", False, "66.66"),
        ("0", "51", False, "0.00"),
        ("51", "51", True, "100.00"),
        ("0.75", "1", True, "75.00"),
        ("99.999", "100", True, "99.99"),
        ("0.099", "100", False, "0.09"),
    ],
)
def test_a_score_is_compared_unrounded_and_shown_truncated(points: str, out_of: str, reaches: bool, shown: str) -> None:
    score = Score(points=Decimal(points), out_of=Decimal(out_of))
    assert score.reaches(PASSING) is reaches
    assert score.shown == shown


@given(out_of=st.integers(1, 1_000_000), data=st.data())
def test_what_is_shown_never_flatters(out_of: int, data: st.DataObject) -> None:
    points = data.draw(st.integers(0, out_of))
    score = Score(points=Decimal(points), out_of=Decimal(out_of))
    assert Fraction(score.shown) <= score.fraction * 100 < Fraction(score.shown) + Fraction(1, 100)
    assert score.reaches(PASSING) == (points * 100 >= 75 * out_of)


def test_38_of_51_does_not_pass_at_75_but_does_at_70() -> None:
    strict, easier = Candidacy("CCMC"), Candidacy("CCMA")
    assert strict.result(PEOPLE, points=38, out_of=51) == ["AssessmentFailed"]
    assert easier.result(PEOPLE, points=38, out_of=51) == ["AssessmentPassed"]
    assert "74.50 %" in summary_of(strict.last(e.AssessmentFailed))


@each("percentage", ["74.99999999999999999", "74.9999", 74])
def test_just_below_the_passing_score_fails(percentage: object) -> None:
    assert Candidacy("CCSL").result(PEOPLE, percentage) == ["AssessmentFailed"]


@each("percentage", ["75", 75, "75.000", "7.5e1", 100])
def test_the_passing_score_itself_passes(percentage: object) -> None:
    assert Candidacy("CCSL").result(PEOPLE, percentage) == ["AssessmentPassed"]


def test_seventy_passes_an_associate_and_nobody_else() -> None:
    assert Candidacy("CCMA").result(PEOPLE, 70) == ["AssessmentPassed"]
    for designation in ("CCSL", "CCOM", "CCMC"):
        assert Candidacy(designation).result(PEOPLE, 70) == ["AssessmentFailed"]


@each(
    "value", ["7_5", "７５", "٧٥", " 75", "75 ", "", "abc", "NaN", "Infinity", "0x4B", "75%", "7,5", True, None, 75.0]
)
def test_what_is_no_plain_decimal_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_number(value)


@each("value", ["1e-999999999", "1e400", "9" * 29, 10**30, "0." + "1" * 29])
def test_a_number_of_absurd_length_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="at most 28 digits"):
        parse_number(value)


@each("value", ["81.5", "81.50", "8.15e1", "+81.5", Decimal("81.500")])
def test_one_number_has_one_form(value: object) -> None:
    assert str(parse_number(value)) == "81.5"
    assert str(parse_number("-0")) == "0"
    assert str(parse_number("1e2")) == "100"
