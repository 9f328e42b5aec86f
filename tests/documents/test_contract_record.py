"""What the contract says of the record, against what the commands print."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from record.checking import Fault
from record.opening import open_record
from tests.documents.contract import Fields, names, table
from tests.record.commands import document, starter
from tests.record.lives import lived


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Engine]:
    engine = open_record(f"sqlite:///{tmp_path / 'record.db'}")
    yield engine
    engine.dispose()


def line(record: Engine, *flags: str) -> dict[str, Any]:
    ended = starter(record, "export", "--limit", "1", *flags)
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_the_fields_of_an_exported_line(record: Engine) -> None:
    lived("certified").append(record)
    rows = {row["line"]: Fields.named_in(row["fields"]) for row in table("The lines of `export`", "line")}
    always = set(rows["every line"].required)
    assert always | set(rows["without `--as-recorded`"].required) == set(line(record))
    assert always | set(rows["with `--as-recorded`"].required) == set(line(record, "--as-recorded"))


def test_the_fields_of_the_answer_of_verify(record: Engine) -> None:
    one = lived("certified").append(record)
    assert one.state.certificate is not None
    answer = document(record, "verify", one.state.certificate.number, "--json")
    fields = [name for row in table("The answer of `verify`", "field") for name in names(row["field"])]
    assert fields == [name for name in answer if name in fields]
    assert set(fields) == set(answer)


def test_the_fields_of_a_head(record: Engine) -> None:
    lived("certified").append(record)
    head = json.loads(starter(record, "record", "head").out)
    rows = table("A head of the record", "field")
    assert [name for row in rows for name in names(row["field"])] == list(head)
    assert names(rows[0]["holds"]) == [head["kind"]]


def test_the_fields_of_the_answer_of_record_check(record: Engine) -> None:
    lived("certified").append(record)
    answer = document(record, "record", "check", "--json")
    assert [name for row in table("The answer of `record check`", "field") for name in names(row["field"])] == list(
        answer
    )
    assert [row["`fault`"].strip("`") for row in table("The answer of `record check`", "`fault`")] == list(Fault)
