"""`record head`, `record check` and `record rebuild`, against a hostile administrator."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import Connection, Engine, delete, text, update

from domain.retention import Erasure
from record import chain, erasure, heads, proof, store
from record.database import writing
from record.erasure import Today
from record.errors import BadHead, BadKey
from record.events import Candidacy, Recorded
from record.heads import Filed
from record.proof import Head
from record.tables import CANDIDACIES, CERTIFICATES, EVENTS
from tests.record.commands import document, process, starter
from tests.record.conftest import Filled
from tests.record.lives import Lived, lived, person
from tests.record.test_proof import hostile

SEED = bytes(range(32))


@pytest.fixture
def engine(filled: Filled) -> Engine:
    """A record of three lives."""
    return filled(three_lives)


def three_lives(engine: Engine) -> list[Lived]:
    names = ("many-results", "holder-revoked", "recertified")
    return [lived(name, person(number)).append(engine) for number, name in enumerate(names, start=1)]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file with a private key; its public part is beside it."""
    path = tmp_path / "record-key.pem"
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return path


@pytest.fixture
def filed(engine: Engine, key: Path, tmp_path: Path) -> Path:
    """A signed head of the record as it was, in a file."""
    path = tmp_path / "head.json"
    ended = starter(engine, "record", "head", CERTPATH_RECORD_KEY=str(key))
    assert (ended.code, ended.err) == (0, "")
    path.write_text(ended.out)
    return path


# --- the hostile administrator


def _last_event_away(connection: Connection) -> None:
    newest = connection.execute(text("SELECT max(position) FROM events")).scalar_one()
    connection.execute(delete(EVENTS).where(EVENTS.c.position == newest))


def _rewritten(connection: Connection) -> None:
    """Turns a failed result of the first life into another one, and computes every later hash anew."""
    rows = connection.execute(text("SELECT * FROM events WHERE enrolment = 'run-1' ORDER BY sequence")).all()
    before = chain.START
    for row in rows:
        body = row.body.replace('"attempts_left":2', '"attempts_left":3')
        event = Recorded(row.sequence, row.type, row.format, row.at, body)
        before = chain.link(before, Candidacy(row.workflow_id, row.enrolment), event)
        changed = update(EVENTS).where(EVENTS.c.position == row.position)
        connection.execute(changed.values(body=body, hash=before))


CRIMES: dict[str, tuple[Callable[[Connection], object], str, bool]] = {
    "an event is changed": (
        lambda connection: connection.execute(
            text("UPDATE events SET at = '2031-01-01T00:00:00+00:00' WHERE enrolment = 'run-1' AND sequence = 3")
        ),
        "(enrolment run-1), event 3: changed",
        False,
    ),
    "an event is taken away": (
        lambda connection: connection.execute(text("DELETE FROM events WHERE enrolment = 'run-1' AND sequence = 3")),
        "(enrolment run-1), event 3: missing",
        False,
    ),
    "the revocation is taken away": (
        lambda connection: connection.execute(
            text("DELETE FROM events WHERE enrolment = 'run-2' AND type IN ('Revoked', 'CandidacyClosed')")
        ),
        "the event is missing",
        False,
    ),
    "the newest event of all is taken away": (_last_event_away, "the head knew position", True),
    "a whole chain is computed anew": (_rewritten, "is not the one that was recorded", True),
    "a reason is changed": (
        lambda connection: connection.execute(
            text("UPDATE texts SET value = '\"none\"' WHERE value LIKE '%complaint%'")
        ),
        "text changed",
        False,
    ),
    "a reason is taken away without an erasure": (
        lambda connection: connection.execute(text("DELETE FROM texts WHERE value LIKE '%complaint%'")),
        "text missing",
        False,
    ),
    "a certificate is no longer revoked": (
        lambda connection: connection.execute(update(CERTIFICATES).values(ended=None, ended_at=None)),
        "certificates",
        False,
    ),
    "an event is put in before the first one": (
        lambda connection: connection.execute(
            text(
                "INSERT INTO events SELECT 1 + (SELECT max(position) FROM events), workflow_id, enrolment, 0, type, "
                "format, at, body, 'ab' FROM events WHERE enrolment = 'run-1' AND sequence = 3"
            )
        ),
        "(enrolment run-1), event 0: changed",
        False,
    ),
    "an event is given to a workflow that is none of ours": (
        lambda connection: connection.execute(
            text("UPDATE events SET workflow_id = 'nobody' WHERE enrolment = 'run-1' AND sequence = 3")
        ),
        "nobody (enrolment run-1), event 3: ",
        False,
    ),
    "a candidacy stands elsewhere": (
        lambda connection: connection.execute(
            update(CANDIDACIES).where(CANDIDACIES.c.enrolment == "run-1").values(status="certified")
        ),
        "(enrolment run-1), candidacies: status differs from the events",
        False,
    ),
}


@pytest.mark.parametrize("name", CRIMES)
def test_what_a_hostile_administrator_does_is_named(engine: Engine, filed: Path, name: str) -> None:
    crime, trace, only_by_a_head = CRIMES[name]
    with hostile(engine) as connection:
        crime(connection)
    ended = starter(engine, "record", "check", "--head", str(filed))
    assert ended.code == 1, ended.out + ended.err
    assert trace in ended.out
    assert "complaint" not in ended.out + ended.err
    alone = starter(engine, "record", "check")
    assert (trace not in alone.out) is only_by_a_head


OF_ANOTHER_KIND = {
    "UPDATE events SET body = x'7b7d' WHERE position = 3": "events, row 3 (certification:CCSL:P-001): the value of",
    "UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE position = 3": "events, row 3 (certification:CCSL:P-001): ",
    "UPDATE events SET sequence = 'x' WHERE position = 3": "the value of sequence is of another kind than its column",
    "UPDATE events SET sequence = 2.5 WHERE position = 3": "the value of sequence is of another kind than its column",
    "UPDATE events SET workflow_id = x'41', hash = x'41' WHERE position = 3": "the value of workflow_id and hash is of",
    "UPDATE texts SET value = x'41'": "texts, row 1 (certification:CCSL:P-001): the value of value is of another kind",
    "UPDATE contacts SET name = x'41'": "contacts, row 1 (certification:CCSL:P-001): the value of name is of another",
    "UPDATE search SET value = x'41'": "search, row 1 (P-001): the value of value is of another kind than its column",
    "UPDATE candidacies SET assessments_passed = 'x'": "the value of assessments_passed is of another kind",
}
"""What a SQLite file takes that no column of it can hold, and how the check names it. PostgreSQL refuses all of it."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("statement", OF_ANOTHER_KIND)
def test_a_value_that_cannot_be_read_is_named_in_place_of_a_failure(engine: Engine, statement: str) -> None:
    with hostile(engine) as connection:
        connection.execute(text(statement))
    ended = starter(engine, "record", "check")
    assert ended.code == 1, ended.out + ended.err
    assert OF_ANOTHER_KIND[statement] in ended.out
    assert "nothing else was checked" in ended.err
    answer = json.loads(starter(engine, "record", "check", "--json").out)
    assert [*answer["unguarded"], *answer["damaged"]] == ended.out.splitlines()


SWITCHED_OFF = [
    ("sqlite", "DROP TRIGGER events_no_replace", ["events_no_replace"]),
    ("sqlite", "DROP TRIGGER programmes_no_delete", ["programmes_no_delete"]),
    ("postgresql", "DROP TRIGGER programmes_no_truncate ON programmes", ["programmes_no_truncate"]),
    ("postgresql", "ALTER TABLE events DISABLE TRIGGER events_no_change", ["events_no_change"]),
    ("postgresql", "ALTER TABLE events ENABLE REPLICA TRIGGER events_no_truncate", ["events_no_truncate"]),
    (
        "postgresql",
        "ALTER TABLE programmes DISABLE TRIGGER ALL",
        ["programmes_no_change", "programmes_no_truncate"],
    ),
]
"""How each database ceases to refuse changes, and the triggers that the check misses then."""


@pytest.mark.parametrize(("database", "statement", "triggers"), SWITCHED_OFF, indirect=["database"])
def test_a_trigger_that_no_longer_refuses_changes_is_named(engine: Engine, statement: str, triggers: list[str]) -> None:
    with writing(engine) as connection:
        connection.execute(text(statement))
    ended = starter(engine, "record", "check", "--json")
    assert ended.code == 1, ended.err
    answer = json.loads(ended.out)
    assert [sentence.split()[3] for sentence in answer["unguarded"]] == [f"{trigger}," for trigger in triggers]
    assert answer["faults"] == answer["damaged"] == answer["read_models"] == []


@pytest.mark.parametrize("name", ["an event is changed", "an event is taken away", "a whole chain is computed anew"])
def test_no_head_is_said_to_hold_where_an_event_before_it_was_touched(engine: Engine, filed: Path, name: str) -> None:
    with hostile(engine) as connection:
        CRIMES[name][0](connection)
    ended = starter(engine, "record", "check", "--head", str(filed))
    assert f"{filed}: an event up to position" in ended.out
    assert "is as it was" not in ended.err
    answer = json.loads(starter(engine, "record", "check", "--head", str(filed), "--json").out)
    assert answer["heads"][0]["fault"] is not None


def test_a_record_that_nobody_has_touched_holds_while_it_grows(engine: Engine, filed: Path, key: Path) -> None:
    lived("thirty-years", person(4)).append(engine)
    flags = ("--head", str(filed), "--public-key", str(key.with_suffix(".pub")))
    ended = process(engine, "record", "check", *flags)
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert "every event up to position" in ended.err
    assert "; enrolments: 4; no fault." in ended.err
    answer = document(engine, "record", "check", *flags, "--json")
    assert answer["events"] == store.newest_position(engine)
    assert (answer["faults"], answer["missing_positions"], answer["read_models"]) == ([], [], [])
    assert [(one["signed"], one["fault"]) for one in answer["heads"]] == [(True, None)]


def test_erased_texts_are_no_fault(engine: Engine, filed: Path) -> None:
    said = Erasure(by="Kim Stone", reason="asked for in writing")
    erasure.erase(engine, person(2).candidate_id, said, Today(None, "UTC"), datetime(2090, 1, 1, tzinfo=UTC))
    answer = json.loads(starter(engine, "record", "check", "--head", str(filed), "--json").out)
    assert (answer["faults"], answer["heads"][0]["fault"]) == ([], None)
    assert answer["erased_texts"] > 0


def test_with_json_the_faults_are_fields(engine: Engine) -> None:
    with hostile(engine) as connection:
        connection.execute(text("DELETE FROM events WHERE enrolment = 'run-1' AND sequence = 3"))
    ended = starter(engine, "record", "check", "--json")
    answer = json.loads(ended.out)
    assert ended.code == 1
    assert {
        "fault": "missing",
        "workflow_id": lived("many-results", person(1)).candidacy.workflow_id,
        "enrolment": "run-1",
        "sequence": 3,
    } in answer["faults"]
    assert answer["missing_positions"] == [{"from": 3, "to": 3}]


# --- rebuild


def test_read_models_are_made_anew_as_they_were(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(CANDIDACIES).values(status="certified"))
        connection.execute(delete(CERTIFICATES))
    assert starter(engine, "record", "check").code == 1
    ended = process(engine, "record", "rebuild")
    events = store.newest_position(engine)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.splitlines()[-1] == f"Made anew from {events} events of 3 candidacies."
    assert starter(engine, "record", "check").code == 0
    assert document(engine, "record", "rebuild", "--json") == {"events": events, "candidacies": 3, "unfolded": []}


# --- heads


def test_a_signed_head_is_verified_by_openssl_alone(filed: Path, key: Path, tmp_path: Path) -> None:
    """As docs/record.md describes it, with nothing of our code."""
    head = json.loads(filed.read_text())
    signed = [head[name] for name in ("kind", "position", "candidacies", "root", "taken_at")]
    (tmp_path / "signed").write_text(json.dumps(signed, separators=(",", ":")))
    (tmp_path / "signature").write_bytes(bytes.fromhex(head["signature"]))
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key.with_suffix(".pub")), "-rawin"]
    files = ["-in", str(tmp_path / "signed"), "-sigfile", str(tmp_path / "signature")]
    assert subprocess.run([*verify, *files], check=False, capture_output=True).returncode == 0
    (tmp_path / "signed").write_text(json.dumps([*signed[:-1], "2031-01-01T00:00:00Z"], separators=(",", ":")))
    assert subprocess.run([*verify, *files], check=False, capture_output=True).returncode == 1


def test_a_head_that_somebody_has_changed_is_refused(engine: Engine, filed: Path, key: Path) -> None:
    head = json.loads(filed.read_text())
    for name, value in (("position", 3), ("candidacies", 9), ("root", "ab" * 32), ("taken_at", "2031-01-01T00:00:00Z")):
        filed.write_text(json.dumps({**head, name: value}))
        ended = starter(engine, "record", "check", "--head", str(filed))
        assert (ended.code, ended.out) == (1, "")
        assert f"--head {filed}: the signature of the head is wrong" in ended.err
    public = ("--public-key", str(key.with_suffix(".pub")))
    filed.write_text(json.dumps({**head, "public_key": None, "signature": None}))
    assert (
        f"--head {filed}: the head is not signed"
        in starter(engine, "record", "check", "--head", str(filed), *public).err
    )
    other = Filed(heads.read(json.dumps(head)).head, head["taken_at"]).signed(Ed25519PrivateKey.generate())
    filed.write_text(json.dumps(other.document()))
    assert "signed with another key" in starter(engine, "record", "check", "--head", str(filed), *public).err


def test_a_head_without_a_key_is_not_signed_and_says_so(engine: Engine, tmp_path: Path) -> None:
    ended = starter(engine, "record", "head")
    assert ended.err == "The head is not signed: CERTPATH_RECORD_KEY names no key.\n"
    head = json.loads(ended.out)
    there = proof.head(engine)
    assert (head["position"], head["candidacies"], head["root"]) == (there.position, there.candidacies, there.root)
    assert (head["public_key"], head["signature"]) == (None, None)
    path = tmp_path / "head.json"
    path.write_text(ended.out)
    assert starter(engine, "record", "check", "--head", str(path)).code == 0


@pytest.mark.parametrize("missing", ["public_key", "signature"])
@pytest.mark.parametrize("with_key", [False, True], ids=["no key is known", "the key is known"])
def test_a_signature_that_nobody_can_check_is_refused(
    engine: Engine, filed: Path, key: Path, missing: str, with_key: bool
) -> None:
    head = json.loads(filed.read_text())
    filed.write_text(json.dumps({**head, missing: None}))
    public = ("--public-key", str(key.with_suffix(".pub"))) if with_key else ()
    ended = starter(engine, "record", "check", "--head", str(filed), *public, "--json")
    assert (ended.code, json.loads(ended.out)["error"]["kind"]) == (1, "failed")
    assert f"--head {filed}: the signature of the head cannot be checked: {missing} is missing" in ended.err


def test_a_head_that_is_not_signed_is_not_called_signed(engine: Engine, filed: Path) -> None:
    head = json.loads(filed.read_text())
    filed.write_text(json.dumps({**head, "public_key": None, "signature": None}))
    answer = document(engine, "record", "check", "--head", str(filed), "--json")
    assert [(one["signed"], one["fault"]) for one in answer["heads"]] == [(False, None)]


def test_a_head_of_today_is_signed_and_read_in_the_same_way_for_ever() -> None:
    head = Filed(Head(7, 3, "16" * 32), "2027-03-01T09:00:00Z").signed(Ed25519PrivateKey.from_private_bytes(SEED))
    assert head.signed_text == b'["certpath-head-1",7,3,"' + b"16" * 32 + b'","2027-03-01T09:00:00Z"]'
    assert head.document() == {
        "kind": "certpath-head-1",
        "position": 7,
        "candidacies": 3,
        "root": "16" * 32,
        "taken_at": "2027-03-01T09:00:00Z",
        "public_key": "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "signature": "5ee92aeeaf86dc80a2625dac8a55c041cdc44f305374766d8f95bcffd513e604"
        "cd3adf5cfe68796f8eee15ee998d7300ed5814c475286d8cad98e12418fd1a04",
    }
    again = heads.read(json.dumps({**head.document(), "more": "of a newer build"}))
    assert again == head
    again.check_signature()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "certpath-head-2"}, "this build reads certpath-head-1"),
        ({"position": "7"}, "position must be a whole number"),
        ({"position": True}, "position must be a whole number"),
        ({"candidacies": -1}, "candidacies must be a whole number"),
        ({"root": "ab"}, "root must be 64 hexadecimal digits"),
        ({"root": "AB" * 32}, "root must be 64 hexadecimal digits"),
        ({"taken_at": None}, "taken_at must be a text"),
        ({"signature": "xy"}, "signature must be 128 hexadecimal digits"),
        ({"signature": ""}, "signature must be 128 hexadecimal digits"),
        ({"public_key": ""}, "public_key must be 64 hexadecimal digits"),
        ({"public_key": False}, "public_key must be a text"),
    ],
)
def test_a_document_that_is_no_head_is_named(changes: dict[str, Any], why: str) -> None:
    document = Filed(Head(7, 3, "16" * 32), "2027-03-01T09:00:00Z").document()
    with pytest.raises(BadHead, match=why):
        heads.read(json.dumps({**document, **changes}))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "7"])
def test_a_file_without_a_head_is_named(text: str) -> None:
    with pytest.raises(BadHead):
        heads.read(text)


def test_a_file_that_is_not_there_is_bad_input(engine: Engine) -> None:
    ended = starter(engine, "record", "check", "--head", "/nowhere/head.json")
    assert ended.code == 2
    assert "/nowhere/head.json cannot be read" in ended.err


def test_a_file_that_is_no_head_is_named(engine: Engine, filed: Path, tmp_path: Path) -> None:
    other = tmp_path / "people.csv"
    other.write_text("candidate_id,name\r\n")
    ended = starter(engine, "record", "check", "--head", str(filed), "--head", str(other))
    assert (ended.code, ended.err) == (2, f"--head {other}: the head is not JSON.\n")


def test_a_public_key_without_a_head_is_bad_usage(engine: Engine, key: Path) -> None:
    ended = starter(engine, "record", "check", "--public-key", str(key.with_suffix(".pub")))
    assert ended.code == 2
    assert "name the head, too, with --head" in ended.err


def test_a_key_that_cannot_be_used_is_named_and_not_shown(tmp_path: Path, key: Path) -> None:
    rsa = tmp_path / "rsa.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", str(rsa)], check=True, capture_output=True)
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("secret")
    for path in (rsa, wrong, tmp_path / "nowhere.pem", key.with_suffix(".pub")):
        with pytest.raises(BadKey, match="is no Ed25519 private key") as caught:
            heads.private_key(path)
        assert "secret" not in str(caught.value)
    for path in (rsa, wrong, tmp_path / "nowhere.pem", key):
        with pytest.raises(BadKey, match="is no Ed25519 public key"):
            heads.public_key(path)
