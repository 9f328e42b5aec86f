"""`verify` and `holders`: how every certificate stands, today and in decades, and who may be named."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from cli.certificates import standing
from record import certificates
from record.certificates import Certificate
from record.database import reading
from tests.cases import each
from tests.formats.lives import BY, Life, lives_of
from tests.record.commands import document, starter, today
from tests.record.lives import LIVES, Lived, lived, of_life, person

CLOCKS = ("cli.verbs.verify", "cli.verbs.holders")


def number_of(one: Lived) -> str:
    assert one.state.certificate is not None
    return one.state.certificate.number


def found(engine: Engine, number: str, now: datetime) -> Certificate:
    with reading(engine) as connection:
        answer = certificates.by_number(connection, number, now)
    assert answer is not None
    return answer


def life_of(number: int, play: Callable[[Life], object]) -> Lived:
    """A certified candidate with this number, after whatever she does then."""
    who = person(number)
    with lives_of(who):
        life = Life.begun("CCMA").sent().certified().sent()
        play(life)
        return of_life("", life.sent(), who)


# --- how it stands


def test_a_certificate_is_in_force_until_the_end_of_its_last_day(engine: Engine) -> None:
    one = lived("certified").append(engine)
    certificate = one.state.certificate
    assert certificate is not None
    last_moment = certificate.expires_at - timedelta.resolution
    answer = found(engine, certificate.number, last_moment)
    assert (answer.standing, answer.in_force, answer.since, answer.expired_on) == ("in_force", True, None, None)
    assert answer.title == one.state.programme.title
    assert (answer.certified_on, answer.expires_on) == (certificate.certified_on, certificate.expires_on)
    assert standing(answer) == f"in force, until {certificate.expires_on}"
    after = found(engine, certificate.number, certificate.expires_at)
    assert (after.standing, after.in_force) == ("expired", False)
    assert after.since == certificate.expires_on + timedelta(days=1)
    assert standing(after) == f"not in force: expired on {certificate.expires_on}"


@pytest.mark.parametrize("name", [name for name in LIVES if name.startswith("holder-") or name == "superseded"])
def test_a_certificate_that_has_ended_says_how_and_when_also_in_decades(engine: Engine, name: str) -> None:
    one = lived(name).append(engine)
    state = one.state
    assert state.closed is not None
    for years in (0, 60):
        answer = found(engine, number_of(one), one.events[-1].at + timedelta(days=366 * years))
        assert answer.standing == state.closed
        assert not answer.in_force
        assert answer.title == state.programme.title
        assert str(answer.since) in standing(answer) or str(answer.expired_on) in standing(answer)


def test_a_suspended_certificate_is_not_in_force_until_it_is_reinstated(engine: Engine) -> None:
    one = life_of(1, lambda life: life.after(days=10).say("suspend", **BY)).append(engine)
    assert one.state.suspension is not None
    answer = found(engine, number_of(one), one.events[-1].at)
    assert (answer.standing, answer.in_force) == ("suspended", False)
    assert standing(answer).startswith(f"not in force: suspended since {answer.since}")
    decades = found(engine, number_of(one), datetime(2090, 1, 1, tzinfo=UTC))
    assert standing(decades) == f"not in force: suspended since {answer.since}; it had expired on {answer.expires_on}"
    other = life_of(2, lambda life: life.say("suspend", **BY).after(days=3).say("reinstate", **BY)).append(engine)
    assert found(engine, number_of(other), other.events[-1].at).in_force


def test_a_renewed_certificate_tells_its_cycle_and_the_time_without_certification(engine: Engine) -> None:
    one = lived("recertified-with-a-gap").append(engine)
    assert one.state.certificate is not None
    answer = found(engine, number_of(one), one.events[-1].at)
    assert answer.cycle == 2
    assert [(gap.start, gap.end) for gap in answer.gaps] == [(gap.start, gap.end) for gap in one.state.certificate.gaps]
    assert answer.gaps


def test_a_superseded_certificate_names_the_one_that_it_gave_way_to(engine: Engine) -> None:
    lower = lived("superseded").append(engine)
    answer = found(engine, number_of(lower), lower.events[-1].at)
    assert answer.superseded_by == lower.state.superseded_by
    assert standing(answer) == f"not in force: superseded by {answer.superseded_by} on {answer.since}"


# --- the number


def test_a_number_is_found_as_people_type_it(engine: Engine) -> None:
    number = number_of(lived("certified").append(engine))
    designation, *letters = number.split("-")
    for typed in (
        number.lower(),
        number.replace("-", ""),
        number.replace("-", " "),
        f"  {designation} - {' '.join(letters)} ",
        number.replace("-", "–"),
        number.replace("O", "0").replace("I", "1").replace("B", "8"),
    ):
        assert document(engine, "verify", typed, "--json")["number"] == number


@each(
    ("typed", "printed"),
    [
        ("ccsl-abcd-efgh-ijkl", "CCSL-ABCD-EFGH-IJKL"),
        ("CC-SL abcdefghijkl", "CC-SL-ABCD-EFGH-IJKL"),
        ("x", "-X--"),
        ("", "---"),
        ("日本語", "-日本語--"),
    ],
)
def test_a_number_is_written_as_it_is_printed(typed: str, printed: str) -> None:
    assert certificates.as_printed(typed) == printed


def test_a_number_that_no_certificate_has_is_not_found(engine: Engine) -> None:
    lived("certified").append(engine)
    for number in ("CCSL-AAAA-AAAA-AAAA", "x", "'; DROP TABLE events; --", "%"):
        ended = starter(engine, "verify", number, "--json")
        assert (ended.code, ended.err.splitlines()[0]) == (1, f"No certificate has the number {number}.")
        assert '"not-found"' in ended.out
    assert starter(engine, "verify", " ").code == 2


# --- the holder


def test_the_holder_is_named_with_her_consent_or_when_the_office_asks(engine: Engine) -> None:
    one = life_of(1, lambda life: life).append(engine)
    number, name = number_of(one), one.who.name
    ended = starter(engine, "verify", number)
    assert name not in ended.out
    assert "not shown: no consent to the public register" in ended.out
    assert one.state.certificate
    assert f"granted until {one.state.certificate.expires_on}" in ended.out
    answer = document(engine, "verify", number, "--json")
    assert (answer["holder"], answer["candidate_id"]) == (None, None)
    answer = document(engine, "verify", number, "--holder", "--json")
    assert (answer["holder"], answer["candidate_id"]) == (name, one.who.candidate_id)
    consents = life_of(2, lambda life: life.say("update_contact", publish=True)).append(engine)
    answer = document(engine, "verify", number_of(consents), "--json")
    assert (answer["holder"], answer["candidate_id"]) == (consents.who.name, None)
    withdrawn = life_of(
        3, lambda life: life.say("update_contact", publish=True).after(days=1).say("update_contact", publish=False)
    ).append(engine)
    assert document(engine, "verify", number_of(withdrawn), "--json")["holder"] is None


def test_who_no_longer_consents_in_another_candidacy_is_not_named_in_the_older_one(engine: Engine) -> None:
    older = life_of(1, lambda life: life.say("update_contact", publish=True)).append(engine)
    assert document(engine, "verify", number_of(older), "--json")["holder"] == older.who.name
    with lives_of(older.who):
        life = Life.begun("CCOM").after(days=400).say("update_contact", publish=True)
        life.after(days=1).say("update_contact", publish=False)
        of_life("", life.sent(), older.who).append(engine)
    assert document(engine, "verify", number_of(older), "--json")["holder"] is None


def test_a_change_of_address_does_not_make_an_old_consent_newer_than_a_refusal(engine: Engine) -> None:
    older = life_of(
        1, lambda life: life.say("update_contact", publish=True).after(days=900).say("update_contact", email="a@b.org")
    ).append(engine)
    number, now = number_of(older), older.events[-1].at
    assert document(engine, "verify", number, "--json")["holder"] == older.who.name
    with lives_of(older.who):
        life = Life.begun("CCOM").after(days=400).say("update_contact", publish=True)
        refusing = of_life("", life.after(days=1).say("update_contact", publish=False).sent(), older.who).append(engine)
    assert refusing.events[-1].at < now, "the refusal came before the change of address"
    assert document(engine, "verify", number, "--json")["holder"] is None
    with today(now, *CLOCKS):
        assert document(engine, "holders", "--json") == []


def test_a_consent_that_is_given_anew_is_newer_than_a_refusal_in_another_candidacy(engine: Engine) -> None:
    def consents_again(life: Life) -> Life:
        life.say("update_contact", publish=True).after(days=300).say("update_contact", publish=False)
        return life.after(days=600).say("update_contact", publish=True).after(days=9).say("update_contact", name="Ana")

    older = life_of(1, consents_again).append(engine)
    with lives_of(older.who):
        life = Life.begun("CCOM").after(days=400).say("update_contact", publish=True)
        life.after(days=1).say("update_contact", publish=False)
        of_life("", life.sent(), older.who).append(engine)
    assert document(engine, "verify", number_of(older), "--json")["holder"] == "Ana"


def test_a_refusal_still_counts_after_a_change_of_address_in_its_candidacy(engine: Engine) -> None:
    older = life_of(1, lambda life: life.after(days=500).say("update_contact", publish=True)).append(engine)
    with lives_of(older.who):
        life = Life.begun("CCSL").sent().certified().after(days=700).say("update_contact", email="a@b.org")
        of_life("", life.sent(), older.who).append(engine)
    assert document(engine, "verify", number_of(older), "--json")["holder"] is None


def test_the_register_has_who_holds_a_certificate_in_force_and_consents(engine: Engine) -> None:
    def consents(life: Life) -> Life:
        return life.say("update_contact", publish=True)

    both = [life_of(number, consents).append(engine) for number in (1, 2)]
    life_of(3, lambda life: life).append(engine)
    life_of(4, lambda life: consents(life).say("suspend", **BY)).append(engine)
    life_of(5, lambda life: consents(life).say("revoke", **BY)).append(engine)
    evil = life_of(6, lambda life: life.say("update_contact", publish=True, name="=1+1")).append(engine)
    now = max(one.events[-1].at for one in both)
    with today(now, *CLOCKS):
        listed = document(engine, "holders", "--json")
        ended = starter(engine, "holders", "--csv")
        table = starter(engine, "holders", "--designation", "CCMA")
        assert document(engine, "holders", "--designation", "CCSL", "--json") == []
    wanted = [*((number_of(one), one.who.name) for one in both), (number_of(evil), "=1+1")]
    assert sorted((one["number"], one["name"]) for one in listed) == sorted(wanted)
    assert ended.err == "3 holders; 1 more does not consent to the register, and is left out.\n"
    rows = list(csv.DictReader(io.StringIO(ended.out.removeprefix("\ufeff"))))
    assert {row["name"] for row in rows} == {*(one.who.name for one in both), "'=1+1"}
    assert all(one.who.name in table.out for one in both)
    expired = max(one.state.certificate.expires_at for one in both if one.state.certificate)
    with today(expired, *CLOCKS):
        assert document(engine, "holders", "--json") == []


def test_a_long_register_is_read_by_the_page(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_PAGE", 2)
    lives = [life_of(number, lambda life: life).append(engine) for number in range(1, 6)]
    with reading(engine) as connection:
        numbers = [one.number for one in certificates.in_force(connection, lives[0].events[-1].at)]
    assert numbers == sorted(number_of(one) for one in lives)
