"""Bulk acts without a candidacy: what a letter is known by, and how an act ends."""

from datetime import timedelta
from pathlib import Path

import pytest

from client.bulk import addressing
from client.bulk.act import Act, Plan, Tell
from client.bulk.outcome_file import OutcomeFile
from client.bulk.outcomes import Files, Item, Kind, Outcome
from client.errors import (
    BadInput,
    ClientError,
    InvalidFields,
    NotJson,
    Unreachable,
)
from client.list_language import Filter
from client.pool import Stopping
from tests.cases import each

ID = "certification:CCSL:C-1"
ITEMS = [Item(number, (f"C-{number}", "CCMA")) for number in range(2, 6)]


# --- an act


def plan_of(path: Path, outcomes: dict[int, Outcome | ClientError], **known: Outcome) -> Plan[Item]:
    async def work(item: Item, tell: Tell) -> None:
        found = outcomes[item.number]
        if isinstance(found, ClientError):
            raise found
        tell(item, found)

    columns = ("row", "candidate_id", "designation")
    before = {int(name[1:]): outcome for name, outcome in known.items()}
    return Plan(
        files=Files(path),
        columns=columns,
        items=ITEMS,
        good=frozenset({Kind.TAKEN}),
        things=[one for one in ITEMS if one.number in outcomes],
        work=work,
        known=before,
        good_again=frozenset({Kind.UNKNOWN}),
    )


async def test_an_act_tells_every_outcome_and_what_somebody_should_look_at(tmp_path: Path) -> None:
    refused, taken = Outcome(Kind.REFUSED, "no"), Outcome(Kind.TAKEN, "Certified")
    act = Act(plan_of(tmp_path / "o.csv", {2: taken, 3: refused, 5: taken}, n4=Outcome(Kind.BAD, "name: is empty")))
    told: list[tuple[Item, Outcome]] = []
    assert await act.carry_out(2, lambda *one: told.append(one), Stopping())
    assert sorted(told) == [(ITEMS[0], taken), (ITEMS[1], refused), (ITEMS[3], taken)]
    assert act.counts == {Kind.TAKEN: 2, Kind.REFUSED: 1, Kind.BAD: 1}
    assert act.others == [(ITEMS[1], refused)]
    assert not act.good
    assert "4,C-4,CCMA,,bad: name: is empty" in (tmp_path / "o.csv").read_text()


async def test_who_is_unknown_needs_somebody_only_the_first_time(tmp_path: Path) -> None:
    unknown, taken = Outcome(Kind.UNKNOWN, "who?"), Outcome(Kind.TAKEN, "x")

    async def carried_out(outcomes: dict[int, Outcome | ClientError]) -> tuple[bool, list[int], int]:
        act = Act(plan_of(tmp_path / "o.csv", outcomes))
        await act.carry_out(1, lambda *_: None, Stopping())
        return act.good, [item.number for item, _ in act.others], act.known_before

    night: dict[int, Outcome | ClientError] = {2: taken, 3: unknown, 4: taken, 5: taken}
    assert await carried_out(night) == (False, [3], 0)
    assert await carried_out(night) == (True, [], 1)
    assert await carried_out({**night, 4: unknown}) == (False, [4], 1)
    refused: dict[int, Outcome | ClientError] = {**night, 4: Outcome(Kind.REFUSED, "no")}
    await carried_out(refused)
    assert await carried_out(refused) == (False, [4], 1), "what is refused needs somebody each time"


async def test_who_is_unknown_needs_somebody_where_the_run_before_came_to_no_end(tmp_path: Path) -> None:
    """It has ended with 3, with 130 or by a signal, so nobody was told by its exit code."""
    path, unknown, taken = tmp_path / "o.csv", Outcome(Kind.UNKNOWN, "who?"), Outcome(Kind.TAKEN, "x")
    night: dict[int, Outcome | ClientError] = {2: unknown, 3: taken, 4: taken, 5: taken}

    async def carried_out(outcomes: dict[int, Outcome | ClientError]) -> tuple[bool, list[int]]:
        act = Act(plan_of(path, outcomes))
        await act.carry_out(1, lambda *_: None, Stopping())
        return act.good, [item.number for item, _ in act.others]

    with pytest.raises(Unreachable):
        await carried_out({**night, 4: Unreachable("gone")})
    assert await carried_out(night) == (False, [2])
    assert await carried_out(night) == (True, [])

    killed = OutcomeFile(Files(path), plan_of(path, night).columns, ITEMS)
    killed.begin({})
    for item in ITEMS:  # every row was reached, and it ended before it said so
        killed.record(item, taken if item.number > 2 else unknown)
    assert killed._file is not None
    killed._file.close()  # as the end of its process does
    assert await carried_out(night) == (False, [2])


async def test_what_stops_everybody_leaves_a_whole_outcome_file(tmp_path: Path) -> None:
    act = Act(
        plan_of(tmp_path / "o.csv", {2: Outcome(Kind.TAKEN, "x"), 3: Unreachable("gone"), 4: Outcome(Kind.TAKEN)})
    )
    with pytest.raises(Unreachable):
        await act.carry_out(1, lambda *_: None, Stopping())
    assert act.begun
    assert act.counts == {Kind.TAKEN: 1, Kind.NOT_REACHED: 3}
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 5


async def test_an_act_that_is_stopped_says_so_and_has_lost_nothing(tmp_path: Path) -> None:
    stopping = Stopping()
    act = Act(plan_of(tmp_path / "o.csv", dict.fromkeys((2, 3, 4, 5), Outcome(Kind.TAKEN))))
    assert not await act.carry_out(1, lambda *_: stopping.ask() if not stopping.times else None, stopping)
    assert act.counts == {Kind.TAKEN: 1, Kind.NOT_REACHED: 3}


async def test_where_the_outcome_file_is_somebody_elses_nothing_begins(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("mine\n")
    act = Act(plan_of(tmp_path / "o.csv", {2: Outcome(Kind.TAKEN)}))
    with pytest.raises(BadInput, match="--outcome"):
        await act.carry_out(1, lambda *_: None, Stopping())
    assert not act.begun


# --- a letter

SOME = Filter(designations=("CCSL",))


def test_the_same_letter_on_the_same_server_is_the_same_act() -> None:
    letter = addressing.letter("withdraw", b'{"reason": "moves"}', SOME)
    same = addressing.letter("withdraw", b'\xef\xbb\xbf{ "reason":"moves" }', SOME)
    assert letter.content("server") == same.content("server")
    others = [
        addressing.letter("withdraw", b'{"reason": "moved"}', SOME),
        addressing.letter("withdraw", b'{"reason": "moves"}', Filter(designations=("CCOM",))),
        addressing.letter("withdraw", b'{"reason": "moves"}', Filter(attention=True)),
        addressing.letter("withdraw", b'{"reason": "moves"}', Filter(due_within=timedelta(days=1))),
    ]
    assert len({letter.content("server"), letter.content("other"), *(one.content("server") for one in others)}) == 6


def test_an_act_of_before_is_known_again() -> None:
    # Outcome files in var/outcomes carry this in their names: it must not change.
    letter = addressing.letter(
        "extend_deadline",
        b'{"until": "2099-03-31", "reason": "storm", "approved_by": "M. Reyes"}',
        Filter(statuses=("testing",), designations=("CCOM",), raw="CandidateId STARTS_WITH 'TX-'"),
    )
    assert letter.content("7d5a") == "7708a122f1fa"


@each(
    ("text", "wanted", "kind"),
    [
        (b"{", SOME, NotJson),
        (b"[]", SOME, BadInput),
        (b'{"why": 1}', SOME, InvalidFields),
        (b"{}", Filter(), addressing.ForEverybody),
        (b"{}", Filter(statuses=("withdrawn", "revoked")), addressing.OnlyClosed),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    text: bytes, wanted: Filter, kind: type[BadInput]
) -> None:
    with pytest.raises(kind):
        addressing.letter("withdraw", text, wanted)
