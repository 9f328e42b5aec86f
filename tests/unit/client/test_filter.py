"""A filter as a value, and the query in Temporal's list language that it becomes."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from client import scheme
from client.errors import BadInput, UnknownValue
from client.list_language import Filter, Ringing, Run, check_raw, query
from domain.vocabulary import Status
from runtime.settings import ROOT
from tests.cases import each

PLAIN = "WorkflowType = 'CertificationWorkflow' AND ExecutionStatus NOT IN ('ContinuedAsNew', 'Failed')"
TAKEN_UP = (
    "(TemporalWorkflowVersioningBehavior IS NULL OR TemporalWorkflowVersioningBehavior != 'AutoUpgrade'"
    " OR TemporalUsedWorkerDeploymentVersions IS NOT NULL)"
)
INSTANT = r"'20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ'"


@each(
    ("wanted", "besides"),
    [
        (Filter(), ""),
        (Filter(statuses=("testing", "grace")), " AND CertificationStatus IN ('testing', 'grace')"),
        (
            Filter(designations=("CCSL",), attention=True),
            " AND Designation IN ('CCSL') AND NeedsAttention IS NOT NULL",
        ),
        (
            Filter(raw="AssessmentsPassed >= 3 OR CandidateId = 'a)b'"),
            " AND (AssessmentsPassed >= 3 OR CandidateId = 'a)b')",
        ),
        (Filter(run=Run.OPEN), " AND (ExecutionStatus = 'Running')"),
        (Filter(run=Run.ORDINARY), " AND (ExecutionStatus IN ('Running', 'Completed'))"),
        (Filter(run=Run.CUT_SHORT), " AND (ExecutionStatus NOT IN ('Running', 'Completed'))"),
        (Filter(no_status=True), " AND (CertificationStatus IS NULL)"),
        (
            Filter(on_build="certpath:v1"),
            f" AND (ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion = 'certpath:v1' AND {TAKEN_UP})",
        ),
        (
            Filter(not_on=("certpath:v2", "certpath:v1")),
            " AND (ExecutionStatus = 'Running' AND (TemporalWorkerDeploymentVersion IS NULL"
            f" OR TemporalWorkerDeploymentVersion NOT IN ('certpath:v2', 'certpath:v1')) AND {TAKEN_UP})",
        ),
        (Filter(on_no_build=True), " AND (ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion IS NULL)"),
        (
            Filter(between_builds=True),
            " AND (ExecutionStatus = 'Running' AND (TemporalWorkflowVersioningBehavior = 'AutoUpgrade'"
            " AND TemporalUsedWorkerDeploymentVersions IS NULL))",
        ),
        (
            Filter(handed_over_by="certpath:v1"),
            " AND (ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion = 'certpath:v1'"
            " AND (TemporalWorkflowVersioningBehavior = 'AutoUpgrade'"
            " AND TemporalUsedWorkerDeploymentVersions IS NULL))",
        ),
        (Filter(candidate_id="C-1"), " AND (CandidateId = 'C-1')"),
    ],
)
def test_a_filter_becomes_a_query(wanted: Filter, besides: str) -> None:
    assert query(wanted) == f"{PLAIN}{besides}"


def test_those_of_which_nothing_is_published_may_match_every_filter() -> None:
    closed = "'abandoned', 'timed_out', 'refused', 'withdrawn', 'revoked', 'superseded', 'expired'"
    assert query(Filter(statuses=("testing",), candidate_id="C-1", unclosed=True)) == (
        f"{PLAIN} AND ExecutionStatus = 'Running' AND (CertificationStatus IS NULL OR"
        f" (CertificationStatus NOT IN ({closed})"
        " AND CertificationStatus IN ('testing') AND (CandidateId = 'C-1')))"
    )


def test_what_is_due_is_open() -> None:
    text = query(Filter(due_within=timedelta(days=30)))
    assert re.fullmatch(f"{re.escape(PLAIN)} AND ExecutionStatus = 'Running' AND NextDeadline <= {INSTANT}", text)
    query(Filter(due_within=timedelta(weeks=9999)))


@each("value", ["nonsense", "testing' OR CandidateId != '", ""])
def test_an_unknown_status_is_answered_with_all_of_them(value: str) -> None:
    with pytest.raises(UnknownValue) as caught:
        query(Filter(statuses=("testing", value)))
    assert (caught.value.what, caught.value.values, caught.value.known) == ("status", (value,), tuple(Status))
    assert all(status in caught.value.sentence for status in Status)


def test_an_unknown_designation_is_answered_with_all_of_them() -> None:
    with pytest.raises(UnknownValue, match="CCXX is none of CCSL, CCOM, CCMA, CCMC") as caught:
        query(Filter(designations=("CCXX",)))
    assert caught.value.what == "designation"
    with pytest.raises(UnknownValue, match=r"CCZZ is none of CCSL, CCOM, CCMA, CCMC\.$"):
        scheme.check_designation("CCZZ")
    with pytest.raises(UnknownValue, match=r"ccsl is none of .*: write CCSL"):
        scheme.check_designation("ccsl")


@each(
    ("wanted", "end"),
    [
        (Filter(statuses=("Testing",)), ": write testing."),
        (Filter(statuses=("Awaiting-Purchase",)), ": write awaiting_purchase."),
        (Filter(designations=("ccom",)), ": write CCOM."),
        (Filter(designations=("ccom", "CCSL", "ccsl")), ": write CCOM instead of ccom, CCSL instead of ccsl."),
        (Filter(designations=("ccom", "CCXX")), ": write CCOM instead of ccom."),
        (Filter(designations=("CCXX",)), "CCSL, CCOM, CCMA, CCMC."),
    ],
)
def test_what_is_only_spelt_in_another_way_is_answered_with_what_to_write(wanted: Filter, end: str) -> None:
    with pytest.raises(UnknownValue) as caught:
        query(wanted)
    assert caught.value.sentence.endswith(end)


def test_nothing_but_a_word_gets_into_a_query_even_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.scheme.titles", dict)
    assert "Designation IN ('NEW')" in query(Filter(designations=("NEW",)))
    scheme.check_designation("NEW")
    for wanted in (Filter(designations=("CCSL' OR '1' = '1",)), Filter(candidate_id="C-1' OR '1' = '1")):
        with pytest.raises(BadInput, match="use 1 to 64 letters"):
            query(wanted)


@each("text", ["", "  ", "a = 1)", "a = 1) OR (b = 2", "(a = 1", "a = ')' )"])
def test_a_raw_list_filter_stays_between_its_parentheses(text: str) -> None:
    told = "its parentheses do not match" if text.strip() else "it is empty"
    with pytest.raises(BadInput, match=told):
        check_raw(text)
    with pytest.raises(BadInput, match=told):
        query(Filter(raw=text))


def test_a_quoted_parenthesis_is_none() -> None:
    text = 'a = "x\\")"'
    assert f"({text})" in query(Filter(raw=text))


def test_how_far_ahead_alarms_ring_comes_from_the_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = scheme.facts()
    assert known.zone == "America/Chicago"
    assert known.candidate_days == 181
    assert 366 <= known.holder_days <= 374  # twelve months, the window before the expiry
    assert known.any_time == ("CCSL", "CCOM")
    assert known.advances_to == {"CCMA": "CCOM", "CCMC": "CCSL"}
    text = query(Filter(ringing=Ringing(timedelta(days=1), known)))
    assert text.startswith(f"{PLAIN} AND (ExecutionStatus = 'Running') AND ((NextDeadline IS NULL) OR (")
    assert "Designation = 'CCSL'" in text
    broken = tmp_path / "scheme.toml"
    broken.write_text("nothing")
    monkeypatch.setenv("CERTPATH_SCHEME", str(broken))
    assert scheme.facts() == ("UTC", False, 0, 0, (), {})
    unreadable = query(Filter(ringing=Ringing(timedelta(days=1), scheme.facts())))
    assert unreadable == f"{PLAIN} AND (ExecutionStatus = 'Running')"


@each("words", ["ExecutionStatus", "IS NOT NULL", "IS NULL", "WorkflowType", "STARTS_WITH"])
def test_the_list_language_stands_in_one_module(words: str) -> None:
    speaking = {
        str(path.relative_to(ROOT))
        for room in ("cli", "client", "demo", "feeds", "views")
        for path in (ROOT / room).rglob("*.py")
        if re.search(rf"\b{words}", path.read_text())
    }
    # A help text may show people what they can write themselves.
    shown = {"cli/filters.py", "cli/verbs/list.py", "cli/verbs/message.py"} if words == "STARTS_WITH" else set()
    assert speaking - shown <= {"client/list_language.py"}


@each("name", ["", "certpath:it's", "a\\b", 'a"b', "a`b"])
def test_a_build_never_ends_its_quotation(name: str) -> None:
    for wanted in (Filter(on_build=name), Filter(not_on=("certpath:v1", name))):
        with pytest.raises(BadInput, match="cannot be searched for"):
            query(wanted)
