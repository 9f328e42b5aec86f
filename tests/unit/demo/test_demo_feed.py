"""What the demonstration plays: the examples, whose days are relative to today."""

from datetime import date

from demo import feed
from domain.commands import Registration
from domain.messages import parse, parse_message, read_json

TODAY = date(2027, 3, 1)


def registrations() -> list[Registration]:
    texts = feed.registrations(TODAY)
    return [parse(Registration, "registration", read_json("registration", text)) for text in texts]


def test_relative_days_are_resolved_wherever_they_stand() -> None:
    given = {"a": ["today-1d", {"b": "today+40dT15:00Z"}], "c": "today", "d": 3}
    assert feed.moved(given, TODAY) == {
        "a": ["2027-02-28", {"b": "2027-04-10T15:00:00Z"}],
        "c": "today",
        "d": 3,
    }


def test_the_examples_hold_twenty_people_over_all_designations() -> None:
    people = registrations()
    assert len(people) >= 20
    assert {person.designation for person in people} == {"CCSL", "CCOM", "CCMA", "CCMC"}
    assert len({person.candidate_id for person in people}) == len(people)


def test_the_messages_of_the_examples_can_be_understood() -> None:
    known = {(person.candidate_id, person.designation) for person in registrations()}
    advanced = {("A-101", "CCOM"), ("C-306", "CCSL")}
    for one in feed.sendings(TODAY):
        assert tuple(one.to) in known | advanced
        if not one.signal:  # the one signal is a mistake on purpose
            parse_message(one.message, one.payload)
    assert b'"74.99999999999999999"' in b"".join(one.payload for one in feed.sendings(TODAY))
