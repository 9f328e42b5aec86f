"""The search for persons: by parts of names in any script, addresses, ids, certificate numbers and references."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, delete, select, text
from sqlalchemy.engine import make_url

from domain.events import Certified, PurchaseConfirmed
from domain.texts import ERASED
from record import search, search_index
from record.comparison import differences
from record.database import open_database, reading, writing
from record.migrations import migrate
from record.rebuild import rebuild
from record.search import Hit, Kind
from record.search_index import Value
from record.tables import CONTACTS, SEARCH, TEXTS
from tests.formats.lives import Life, Who, lives_of
from tests.record.conftest import Filled, RecordOfLives
from tests.record.lives import lived, of_life
from trials.postgresql import NoPostgresql

NAMES = {
    "P-1": "Ana Ruíz",
    "P-2": "Mariana Ruizova",
    "P-3": "Łukasz Żółć",
    "P-4": "Björn Ærøskøbing",
    "P-5": "李小龙",
    "P-6": "Николай Йорданов",
    "P-7": "فاطمة الزهراء",
    "P-8": "Seán Ó Súilleabháin",
    "P-9": "Zoë d'Aubigné",
    "P-10": "김민준",
    "P-11": "José-Luis Pérez",
    "P-12": "T.S. Eliot",
    "C-0042": "Nobody Else",
}
"""Persons by their ids."""


@pytest.fixture
def people(filled: Filled) -> Engine:
    """A record with a candidate of each of these names."""
    return filled(append_all)


def append_all(engine: Engine) -> None:
    for number, (candidate_id, name) in enumerate(NAMES.items()):
        lived("testing", Who(candidate_id, f"run-{number}", name, f"{candidate_id.lower()}@example.org")).append(engine)


def found(engine: Engine, wanted: str, most: int = 50) -> list[str]:
    with reading(engine) as connection:
        return [hit.candidate_id for hit in search.find(connection, wanted, most).found]


# --- names in any script


FOUND = {
    "Ana Ruíz": ["P-1", "P-2"],  # the one whose name is equal first, and then those that contain it
    "ana ruiz": ["P-1", "P-2"],
    "RUIZ ana": ["P-1", "P-2"],
    "rianá": ["P-2"],
    "ruizo": ["P-2"],
    "zolc": ["P-3"],
    "Żółć": ["P-3"],
    "aeroskobing": ["P-4"],
    "Ærø": ["P-4"],
    "李小龙": ["P-5"],
    "李": ["P-5"],
    "小": ["P-5"],
    "小龙": ["P-5"],
    "йорд": ["P-6"],
    "ИОРДАНОВ": ["P-6"],
    "الزهراء": ["P-7"],
    "فا": ["P-7"],
    "sull": [],
    "suilleabhain": ["P-8"],
    "Ó Súil": ["P-8"],
    "daubigne": ["P-9"],
    "d’Aubigné": ["P-9"],
    "김민": ["P-10"],
    "김": ["P-10"],
    "jose luis perez": ["P-11"],
    "José-Luis": ["P-11"],
    "pe": ["P-11"],
    "er": [],  # two letters of this script are the beginning of a word
    "T.S. Eliot": ["P-12"],
    "T.S.": ["P-12"],
    "Eliot, T.S.": ["P-12"],
    "T.S. Eli": ["P-12"],
    "T.X. Eliot": [],
    "P-1": ["P-1"],
    "nobody at all": [],
    "%": [],
    "_": [],
    '" NOT "': [],
    "ana*": ["P-1", "P-2"],
}
"""The persons who are found by a text, in their order."""


def test_a_part_of_a_name_finds_the_person_in_any_script(people: Engine) -> None:
    assert {wanted: found(people, wanted) for wanted in FOUND} == FOUND


def test_addresses_ids_numbers_and_references_find_the_person(people: Engine) -> None:
    holder = lived("certified", Who("H-1", "run-h", "Hana Holder", "hana.holder@example.org")).append(people)
    number = next(event.number for event in holder.events if isinstance(event, Certified))
    reference = next(event.reference for event in holder.events if isinstance(event, PurchaseConfirmed))
    with reading(people) as connection:
        hits = {
            wanted: search.find(connection, wanted, 50).found
            for wanted in ("hana.holder@example.org", "HANA.HOLDER@EX", "h-1", number, number.lower(), number[:-3])
        }
        references = search.find(connection, reference, 50).found
    email, whole = Hit("H-1", Kind.EMAIL, "hana.holder@example.org"), Hit("H-1", Kind.CERTIFICATE, number)
    assert hits["hana.holder@example.org"] == hits["HANA.HOLDER@EX"] == (email,)
    assert hits["h-1"][0] == Hit("H-1", Kind.ID, "H-1")
    assert hits[number] == hits[number.lower()] == hits[number[:-3]] == (whole,)
    assert Hit("H-1", Kind.PURCHASE, reference) in references


@pytest.mark.parametrize("wanted", ["C-0042", "c-42", "c42", "C0042", "0042"])
def test_an_id_is_found_without_its_leading_zeros_and_its_case(people: Engine, wanted: str) -> None:
    assert found(people, wanted) == ["C-0042"]


def test_a_former_name_still_finds_the_person(engine: Engine) -> None:
    life = lived("contact-changed", Who("P-1", "run-1", "Ana Ruiz", "ana@example.org")).append(engine)
    former = [one.name for one in life.contact.former if one.name]
    assert former, "the name was changed in this life"
    assert found(engine, life.contact.name) == found(engine, former[0]) == ["P-1"]


def test_no_more_are_named_than_were_asked_for_and_others_are_mentioned(people: Engine) -> None:
    with reading(people) as connection:
        some, all_of_them = search.find(connection, "example.org", 3), search.find(connection, "example.org", 50)
    assert (len(some.found), some.more) == (3, True)
    assert (len(all_of_them.found), all_of_them.more) == (len(NAMES), False)


def test_the_same_address_is_found_among_those_of_one_kind(people: Engine) -> None:
    with reading(people) as connection:
        hits = search.same(connection, Kind.EMAIL, ["P-3@EXAMPLE.ORG", "nobody@example.org", "Ana Ruiz"])
    assert hits == [Hit("P-3", Kind.EMAIL, "p-3@example.org")]


# --- following and rebuilding


def rows(connection: Connection) -> set[tuple[str, ...]]:
    columns = (SEARCH.c.candidate_id, SEARCH.c.kind, SEARCH.c.key, SEARCH.c.value)
    return {tuple(row) for row in connection.execute(select(*columns))}


def test_everybody_is_found_by_the_name_of_today(every_life: RecordOfLives) -> None:
    for life in every_life.lives:
        assert life.who.candidate_id in found(every_life.engine, life.contact.name)


def test_what_is_missing_in_the_search_and_what_is_too_much_is_made_good(people: Engine) -> None:
    with writing(people) as connection:
        before = rows(connection)
        search_index.put(connection, ["P-1", "P-3"], list(Kind), [Value.of("P-1", Kind.NAME, "Wrong Name")])
    assert found(people, "wrong") == ["P-1"]
    rebuild(people)
    with reading(people) as connection:
        assert rows(connection) == before
    assert (found(people, "wrong"), found(people, "zolc")) == ([], ["P-3"])


def test_a_check_names_what_is_missing_in_the_search_and_what_is_too_much(people: Engine) -> None:
    """Without the name or the address itself, because what a check says goes into logs and tickets."""
    assert list(differences(people)) == []
    with writing(people) as connection:
        connection.execute(delete(SEARCH).where(SEARCH.c.candidate_id == "P-3", SEARCH.c.kind == Kind.EMAIL))
        others = [Value.of("P-1", Kind.NAME, "Wrong Name"), Value.of("P-99", Kind.NAME, "Nobody At All")]
        search_index.put(connection, ["P-1", "P-99"], (), (), also=others)
    assert [str(one) for one in differences(people)] == [
        "candidate P-1, search, name: no event and no contact details account for a row",
        "candidate P-3, search, email: a row is missing",
        "candidate P-99, search, name: no event and no contact details account for a row",
    ]


def test_a_check_names_a_person_with_several_designations_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the candidacies are compared one after another."""
    monkeypatch.setattr("record.refolding._BATCH", 1)
    who = Who("P-1", "run-1", "Ana Ruiz", "ana@example.org")
    for designation in ("CCSL", "CCMA"):
        with lives_of(who):
            of_life("", Life.begun(designation).sent(), who).append(engine)
    with writing(engine) as connection:
        search_index.put(connection, ["P-1"], (), (), also=[Value.of("P-1", Kind.NAME, "Wrong Name")])
    assert len(list(differences(engine))) == 1


def test_the_same_events_again_change_nothing(engine: Engine) -> None:
    life = lived("certified", Who("P-1", "run-1", "Ana Ruiz", "ana@example.org"))
    life.append(engine)
    with reading(engine) as connection:
        before = rows(connection)
    life.append(engine)
    with reading(engine) as connection:
        assert rows(connection) == before


# --- erasure


def test_what_was_erased_finds_nobody_any_more(people: Engine) -> None:
    with writing(people) as connection:
        connection.execute(delete(CONTACTS).where(CONTACTS.c.candidate_id == "P-3"))
        connection.execute(delete(TEXTS).where(TEXTS.c.workflow_id.endswith(":P-3")))
        search.renew(connection, ["certification:CCSL:P-3"])
    assert found(people, "zolc") == found(people, "p-3@example.org") == found(people, ERASED) == []
    assert found(people, "P-3") == ["P-3"]
    assert found(people, "ruiz") == ["P-1", "P-2"]
    with reading(people) as connection:
        before = rows(connection)
    rebuild(people)
    with reading(people) as connection:
        assert rows(connection) == before


def test_a_person_of_whom_nothing_was_erased_stays_as_she_is(people: Engine) -> None:
    with writing(people) as connection:
        before = rows(connection)
        search.renew(connection, ["certification:CCSL:P-1"])
        assert rows(connection) == before


# --- PostgreSQL without an administrator


@pytest.fixture
def plain_postgresql(_server: str | NoPostgresql) -> Iterator[Engine]:
    """A record in a database with the locale C, whose owner may install nothing."""
    if isinstance(_server, NoPostgresql):
        pytest.skip(str(_server))
    administrator = create_engine(_server, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text("CREATE ROLE plain LOGIN"))
        connection.execute(text("CREATE DATABASE plain OWNER plain TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"))
    engine = open_database(make_url(_server).set(database="plain", username="plain").render_as_string())
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        with administrator.connect() as connection:
            connection.execute(text("DROP DATABASE plain WITH (FORCE)"))
            connection.execute(text("DROP ROLE plain"))
        administrator.dispose()


def test_the_locale_c_and_an_owner_who_may_install_nothing_change_nothing(plain_postgresql: Engine) -> None:
    with reading(plain_postgresql) as connection:
        assert connection.execute(text("SHOW lc_ctype")).scalar() == "C"
        assert connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar() is False
    append_all(plain_postgresql)
    assert found(plain_postgresql, "ИОРДАНОВ") == ["P-6"]
    assert found(plain_postgresql, "小龙") == ["P-5"]
    assert found(plain_postgresql, "łukasz zolc") == ["P-3"]
