"""The scheme is data: the built-in file says what the rulebook says, and another file needs no other code."""

import ast
import copy
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain import events as e
from domain.scheme import RuleSet, Scheme
from domain.state import State
from runtime.settings import ROOT
from tests.cases import each
from tests.unit.domain.builders import CIAC, START, Candidacy, border, days, scheme, scheme_data

DOMAIN = ROOT / "domain"


def test_candidacies_that_pinned_equal_programmes_share_one_object() -> None:
    one, other = Candidacy().state, Candidacy().state
    again = State.model_validate_json(one.model_dump_json())
    assert again.programme is one.programme
    assert other.programme is one.programme
    assert one.programme == CIAC.programme("CCSL")
    data = scheme_data()
    data["rules"]["retakes"]["wait_days"] = 31
    changed = one.model_dump(mode="json")
    changed["programme"] = Scheme.of(data).programme("CCSL").model_dump(mode="json")
    assert State.model_validate(changed).programme.rules.retakes.wait_days == 31
    assert one.programme.rules.retakes.wait_days == 30


def test_a_programme_is_one_designation_with_all_that_applies() -> None:
    programme = CIAC.programme("CCOM")
    assert (programme.designation, programme.advances_from, programme.advances_to) == ("CCOM", ("CCMA",), None)
    assert CIAC.programme("CCMC").advances_to_title == "CIAC-Certified Strategic Leader"
    assert type(programme).model_validate_json(programme.model_dump_json()) == programme
    with pytest.raises(KeyError):
        CIAC.programme("CCXX")


# --- wrong fields are named ---

WRONG: list[tuple[str, Any]] = [
    ("version", None),
    ("version", ""),
    ("body.zone", "America/Nashville"),
    ("body.email", "nobody"),
    ("domains", {}),
    ("rules.testing.window_months", 0),
    ("rules.testing.window_months", "24"),
    ("rules.testing.settlement_days", -1),
    ("rules.testing.settlement_days", 1.5),
    ("rules.testing.reminder_days", [180, "90"]),
    ("rules.testing.reminder_hour", 24),
    ("rules.testing.windw_months", 24),
    ("rules.retakes.attempts", 0),
    ("rules.retakes.wait_days", True),
    ("rules.work_product.inside_window", "reviewed"),
    ("rules.work_product.failures", 0),
    ("rules.certificate.window_months", 36),
    ("rules.certificate.grace_days", 400),
    ("rules.certificate.evidence", 0),
    ("designations.CCSL.passing_score", 101),
    ("designations.CCSL.passing_score", "NaN"),
    ("designations.CCSL.work_product", "maybe"),
    ("designations.CCMA.advances_to", "CCXX"),
    ("designations.CCMA.title", None),
]


def changed(path: str, value: Any) -> dict[str, Any]:
    data: dict[str, Any] = copy.deepcopy(scheme_data())
    *groups, field = path.split(".")
    group: dict[str, Any] = data
    for name in groups:
        group = group[name]
    if value is None:
        del group[field]
    else:
        group[field] = value
    return data


@each(("path", "value"), WRONG)
def test_a_wrong_field_is_named(path: str, value: Any) -> None:
    with pytest.raises(ValidationError) as wrong:
        Scheme.of(changed(path, value))
    told = str(wrong.value)
    assert path in told or path.rpartition(".")[2] in told


# --- another scheme, the same code ---


def other_programme(data: dict[str, Any]) -> None:
    """Five domains, other marks, other windows, one more designation, another zone."""
    data["version"] = "other-1"
    data["body"]["zone"] = "Europe/Berlin"
    data["domains"]["analytics"] = "Analytics"
    data["rules"]["testing"] |= {"window_months": 6, "settlement_days": 3, "reminder_days": [20]}
    data["rules"]["retakes"] |= {"attempts": 2, "wait_days": 45}
    data["rules"]["certificate"] |= {"validity_months": 60, "window_months": 6, "grace_days": 30, "lapse_months": 6}
    data["designations"]["CCAN"] = data["designations"]["CCMA"] | {
        "title": "Certified Analyst",
        "passing_score": Decimal("62.5"),
        "work_product": True,
        "advances_to": "CCSL",
    }


def test_a_scheme_with_five_domains_other_marks_and_other_windows_certifies() -> None:
    candidacy = Candidacy("CCAN", at=START, of=scheme(other_programme))
    assert candidacy.last(e.PurchaseConfirmed).closes_at.isoformat() == "2027-05-22T22:00:00+00:00"
    candidacy.pass_all(but="analytics", percentage="62.5")
    assert candidacy.result("analytics", "62.4999") == ["AssessmentFailed"]
    assert candidacy.result("analytics", 100, START + days(44), at=START + days(44)) == ["ResultHeld"]
    assert candidacy.result("analytics", "62.5", START + days(45), at=START + days(45)) == ["AssessmentPassed"]
    candidacy.submit()
    assert candidacy.review(percentage="62.5") == ["WorkProductPassed", "Certified"]
    assert candidacy.last(e.Certified).expires_on.year == 2032
    assert candidacy.say("request_advancement", purchase={"reference": "INV-2"}) == ["AdvancementRequested"]
    candidacy.advance_to(START + days(365 * 6))
    assert candidacy.status == "expired"


def test_two_attempts_are_enough_to_be_refused_where_the_scheme_says_so() -> None:
    candidacy = Candidacy("CCAN", at=START, of=scheme(other_programme))
    candidacy.result("analytics", 1)
    candidacy.result("analytics", 1, START + days(45), at=START + days(45))
    assert candidacy.status == "settling"
    candidacy.advance_to(START + days(50))
    assert candidacy.status == "refused"


def test_a_candidacy_keeps_the_scheme_of_its_enrolment() -> None:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.current_programme = scheme(other_programme).programme("CCMA")
    candidacy.advance_to(border("2028-11-22"))
    assert candidacy.state.programme.scheme == CIAC.version


# --- no rule's number stands in code ---

# Numbers that are no rule: how a certificate's number is cut into groups, months, hundredths, bounds of sizes.
ALLOWED = {
    ("number_of", 12),
    ("number_of", 4),
    ("number_of", 8),
    ("shown", 100),
    ("shown", 10_000),
    ("reaches", 100),
    ("_percentage", 100),
    ("_deadlines_in_order", 28),
    ("_check_points", 1_000_000),
    ("_hours_are_plausible", 10_000),
    ("add_months", 12),
    ("_readable", 200),
    ("_problems", 50),
    ("unknown_name", 100),
    ("parse_message", 1024),
}


def numbers_in(tree: ast.Module) -> set[tuple[str, object]]:
    """The numbers in the functions of a module, each with the function's name."""
    found: set[tuple[str, object]] = set()
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.Lambda)):
            name = function.name if isinstance(function, ast.FunctionDef) else "lambda"
            body = function.body if isinstance(function.body, list) else [function.body]
            for node in (node for statement in body for node in ast.walk(statement)):
                if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
                    found.add((name, node.value))
    return found


# The steps of formats.py decide nothing: they say which number held before the scheme had one.
DECIDING = sorted(path for path in DOMAIN.glob("*.py") if path.name != "formats.py")


@each("path", DECIDING)
def test_no_number_of_a_rule_stands_in_code(path: Path) -> None:
    found = numbers_in(ast.parse(path.read_text(encoding="utf-8")))
    assert {(name, number) for name, number in found if number not in (0, 1)} <= ALLOWED


@each("path", ["schemes/ciac.toml", "tests/scheme.toml"])
def test_a_scheme_file_says_every_rule(path: str) -> None:
    """Also one that has a default, which is there for programmes that were pinned before."""
    given = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["rules"]
    missing = [
        f"{group}.{name}"
        for group, field in RuleSet.model_fields.items()
        for name in field.annotation.model_fields  # type: ignore[union-attr]
        if name not in given.get(group, {})
    ]
    assert not missing, f"give each a value in {path}"


def test_no_constant_of_a_module_is_a_number_of_the_rulebook() -> None:
    """What is named in capitals is a bound of sizes, never one of the rulebook's numbers."""
    rules = {24, 90, 14, 180, 30, 7, 36, 75, 70, 730, 365}
    for path in DOMAIN.glob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                assert statement.value.value not in rules, f"{path.name}: {ast.unparse(statement)}"
