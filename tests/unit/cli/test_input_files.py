"""The files that `import` and `results` are given: standard input, the scheme's names, and faults as `BadInput`."""

import io
import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from cli import exits, input_files
from client import scheme
from tests.unit.feeds.feed_samples import sent

RESULT = {
    "candidate_id": "C-1",
    "designation": "CCSL",
    "result_id": "R-1",
    "domain": "people-management",
    "taken_at": "2026-11-02T15:00:00Z",
    "percentage": "81.5",
}
NEEDED = "candidate_id,name,email,designation"


def refused(name: str) -> exits.BadInput:
    with pytest.raises(exits.BadInput) as caught:
        input_files.read_registrations(name)
    return caught.value


def test_a_hyphen_means_standard_input_whatever_its_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"\ufeff{NEEDED}\r\nC-1,Chloé,c@example.org,CCSL".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))
    (person,) = input_files.read_registrations("-").entries
    assert sent(person)["name"] == "Chloé"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(RESULT).encode())))
    (result,) = input_files.read_results("-").entries
    assert result.says.percentage == Decimal("81.5")


def test_a_fault_of_standard_input_is_told_under_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert refused("-").sentence.startswith("standard input is empty")
    monkeypatch.setattr(sys, "stdin", None)
    assert refused("-").sentence == "There is no standard input: name a file instead of -."


def test_an_empty_name_is_refused() -> None:
    assert refused("").sentence == "The name of the file is empty: name a file, or - for standard input."


def test_a_fault_of_the_whole_file_is_bad_input_with_the_same_facts(tmp_path: Path) -> None:
    path = tmp_path / "candidates.csv"
    path.write_text("name,Telephone\nAna,1\n")
    header = refused(str(path))
    assert header.sentence == f"{path}: the first line must name the columns, and lacks some:"
    assert header.notes == ("missing: candidate_id, email, designation", 'found: name, "Telephone"')
    assert header.facts == {"missing": ["candidate_id", "email", "designation"]}
    path.write_bytes(f"{NEEDED}\n\n\xe9".encode("latin-1"))
    assert refused(str(path)).facts == {"line": 3}
    path.write_bytes(b"")
    assert refused(str(path)).facts == {}


def test_rows_are_checked_against_the_scheme_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert input_files.vocabulary().domains["leadership-and-business"] == "Leadership & Business"
    feed = tmp_path / "feed.jsonl"
    feed.write_text(json.dumps(RESULT))
    assert input_files.read_results(str(feed)).problems == []
    file = tmp_path / "scheme.toml"
    file.write_text('[domains]\nnew-domain = "New"\n[designations.NEW]\ntitle = "Newest"\n')
    monkeypatch.setenv("CERTPATH_SCHEME", str(file))
    assert [problem.column for problem in input_files.read_results(str(feed)).problems] == ["designation", "domain"]
    for broken in ("domains = 3\ndesignations = 4", "no toml", '[domains]\n[designations.X]\ntitles = "x"'):
        file.write_text(broken)
        assert scheme.domains() == scheme.titles() == {}
        assert input_files.read_results(str(feed)).problems == []
    monkeypatch.setenv("CERTPATH_SCHEME", str(tmp_path / "none.toml"))
    assert scheme.domains() == scheme.titles() == {}
