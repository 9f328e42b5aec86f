"""The card of `contact show`, and how it goes with the verb `contact`."""

from datetime import UTC, date, datetime

import pytest

from cli.main import Verbs, run
from cli.verbs.contact import rows
from client.scheme import facts
from views.contact import ContactView, ExperienceRecordView, FormerContactView, PurchaseView


def test_the_card_has_the_details_of_today_and_those_before_the_newest_first() -> None:
    contact = ContactView(
        name="Ana Ruiz",
        email="ruiz@example.org",
        publish=True,
        purchase=PurchaseView(reference="INV-77", purchased_on=date(2026, 11, 2)),
        experience=(ExperienceRecordView(role="Director", started_on=date(2024, 3, 1), ended_on=date(2026, 1, 1)),),
        former=(
            FormerContactView(email="ana@example.org", until=datetime(2027, 1, 14, 9, 30, tzinfo=UTC)),
            FormerContactView(name="Ana Sol", publish=False, until=datetime(2028, 1, 1, tzinfo=UTC)),
        ),
    )
    assert list(rows(contact, facts())) == [
        ("name", "Ana Ruiz"),
        ("e-mail", "ruiz@example.org"),
        ("consent", "consents to the public register"),
        ("purchase", "INV-77, of 2026-11-02"),
        ("experience", "Director, since 2024-03-01 to 2026-01-01"),
        ("until 2027-12-31", "Ana Sol; no consent to the public register"),
        ("until 2027-01-14", "ana@example.org"),
    ]
    assert ("purchase", "not confirmed") in list(rows(ContactView(), facts()))


def test_contact_and_contact_show_are_two_verbs() -> None:
    verbs = Verbs()
    with verbs.make_context("starter.py", ["contact", "show", "C-1", "CCSL"]) as context:
        shown = verbs.resolve_command(context, ["contact", "show", "C-1", "CCSL"])
        changed = verbs.resolve_command(context, ["contact", "C-1", "CCSL", "--name", "Ana"])
    assert (shown[0], shown[2]) == ("contact show", ["C-1", "CCSL"])
    assert (changed[0], changed[2]) == ("contact", ["C-1", "CCSL", "--name", "Ana"])


def test_both_stand_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    assert "contact " in listed
    assert "contact show " in listed
    assert run(["contact", "show", "--help"]) == 0
    assert "what name, address and consent were before" in capsys.readouterr().out
