"""The scheme file: read at each call, exact, and every mistake in it named."""

from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.programme import ProgrammeLoader, SchemeError, read_scheme
from activities.requests import LoadedProgramme, ProgrammeRequest
from tests.scheme import SCHEME_FILE

CIAC = SCHEME_FILE


@pytest.fixture
def scheme(tmp_path: Path) -> Path:
    """A copy of the built-in scheme, to be edited."""
    path = tmp_path / "scheme.toml"
    path.write_text(CIAC.read_text())
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new))


def load(path: Path, designation: str = "CCSL") -> LoadedProgramme:
    answer = ActivityEnvironment().run(ProgrammeLoader(path).load_programme, ProgrammeRequest(designation=designation))
    assert isinstance(answer, LoadedProgramme)
    return answer


def test_the_programme_of_a_designation_is_that_of_the_scheme() -> None:
    loaded = load(CIAC, "CCMA")
    assert loaded.programme.passing_score == 70
    assert loaded.programme.advances_to == "CCOM"
    assert LoadedProgramme.model_validate_json(loaded.model_dump_json()) == loaded


def test_an_edited_file_counts_at_the_next_call(scheme: Path) -> None:
    loader = ProgrammeLoader(scheme)
    request = ProgrammeRequest(designation="CCSL")
    assert loader.load_programme(request).programme.rules.retakes.wait_days == 30
    edit(scheme, "wait_days = 30", "wait_days = 45")
    assert loader.load_programme(request).programme.rules.retakes.wait_days == 45


def test_another_scheme_has_five_domains_other_marks_and_other_windows(scheme: Path) -> None:
    edit(scheme, "[domains]", '[domains]\nquality = "Quality Management"')
    edit(scheme, "passing_score = 75", "passing_score = 74.99999999999999999")
    edit(scheme, "window_months = 24", "window_months = 18")
    programme = load(scheme).programme
    assert len(programme.domains) == 5
    assert programme.domains["quality"] == "Quality Management"
    assert programme.passing_score == Decimal("74.99999999999999999")
    assert programme.rules.testing.window_months == 18


def test_an_unknown_designation_is_somebodys_input_and_not_retried() -> None:
    with pytest.raises(ApplicationError) as caught:
        load(CIAC, "CCXX")
    error = caught.value
    assert (error.type, error.non_retryable) == ("UnknownDesignation", True)
    assert error.category is ApplicationErrorCategory.BENIGN
    assert "CCSL, CCOM, CCMA, CCMC" in error.message


def test_every_wrong_field_is_named_in_plain_words(scheme: Path) -> None:
    edit(scheme, "wait_days = 30", "wait_day = 30")
    edit(scheme, "attempts = 3\n", 'attempts = "three"\n')
    edit(scheme, 'email = "info@ciac-cert.org"', 'email = "nobody"')
    edit(scheme, "passing_score = 70", "passing_score = 170")
    with pytest.raises(SchemeError) as caught:
        read_scheme(scheme)
    message = str(caught.value)
    assert str(scheme) in message
    assert "rules.retakes.wait_days is missing" in message
    assert "rules.retakes.wait_day is no setting" in message
    assert "rules.retakes.attempts must be a whole number" in message
    assert "body.email" in message
    assert "designations.CCMA.passing_score must lie between 0 and 100" in message
    assert "\n" not in message
    assert "Value error" not in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('zone = "America/Chicago"', 'zone = "Nashville"', "body.zone: 'Nashville' is no time zone"),
        (
            'advances_to = "CCSL"',
            'advances_to = "CCXX"',
            "designations.CCMC.advances_to: there is no designation",
        ),
        ("people-management =", '"People Management" =', "domains.People Management"),
        ("version =", "version", "is not TOML"),
        (
            "passing_score = 70",
            "passing_score = nan",
            "designations.CCMA.passing_score must be a finite number",
        ),
        ("wait_days = 30", "wait_days = 1_000_000", "rules.retakes.wait_days"),
    ],
)
def test_a_wrong_scheme_names_the_place(scheme: Path, old: str, new: str, words: str) -> None:
    edit(scheme, old, new)
    with pytest.raises(SchemeError) as caught:
        read_scheme(scheme)
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"", b"version = 'x'"])
def test_a_missing_or_broken_file_is_retried_until_an_operator_mends_it(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ApplicationError) as caught:
        load(path)
    assert (caught.value.type, caught.value.non_retryable) == ("SchemeInvalid", False)
    assert str(path) in caught.value.message
