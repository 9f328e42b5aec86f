"""Which build a worker is, and the fingerprint of the code that its runs execute."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import pytest

from runtime.builds import PACKAGES, BadName, Build, code_fingerprint, workflow_modules
from runtime.settings import ROOT, SettingsError
from tests.cases import each


def of(deployment: str, build_id: str) -> Build | None:
    return Build.from_environment({"TEMPORAL_DEPLOYMENT_NAME": deployment, "TEMPORAL_WORKER_BUILD_ID": build_id})


def test_a_build_is_named_by_both_variables_as_temporal_writes_it() -> None:
    build = of(" certpath ", "v1.4.0-3-gabc")
    assert build == Build("certpath", "v1.4.0-3-gabc")
    assert str(build) == "certpath:v1.4.0-3-gabc"
    assert str(of("staging/certpath", "1.0+2_x")) == "staging/certpath:1.0+2_x"


def test_without_the_variables_there_is_no_build() -> None:
    assert Build.from_environment({}) is None
    assert of("", " ") is None


@each(
    ("deployment", "build_id", "missing"),
    [("certpath", "", "TEMPORAL_WORKER_BUILD_ID"), (" ", "v1", "TEMPORAL_DEPLOYMENT_NAME")],
)
def test_one_variable_alone_is_refused_with_what_to_do(deployment: str, build_id: str, missing: str) -> None:
    with pytest.raises(SettingsError, match=rf"{missing} is not set: set it to .*, or unset both") as caught:
        of(deployment, build_id)
    assert "\n" not in str(caught.value)


@each(
    ("deployment", "build_id", "wrong"),
    [
        # Temporal itself refuses these: a dot or a colon in a deployment, and what begins with two underscores.
        ("cert.path", "v1", "TEMPORAL_DEPLOYMENT_NAME"),
        ("cert:path", "v1", "TEMPORAL_DEPLOYMENT_NAME"),
        ("__certpath", "v1", "TEMPORAL_DEPLOYMENT_NAME"),
        ("certpath", "__unversioned__", "TEMPORAL_WORKER_BUILD_ID"),
        ("c" * 101, "v1", "TEMPORAL_DEPLOYMENT_NAME"),
        ("certpath", "v" * 129, "TEMPORAL_WORKER_BUILD_ID"),
        # These would have to be quoted somewhere.
        ("certpath", "v1:2", "TEMPORAL_WORKER_BUILD_ID"),
        ("certpath", "v'1", "TEMPORAL_WORKER_BUILD_ID"),
        ("certpath", "v 1", "TEMPORAL_WORKER_BUILD_ID"),
        ("certpath", "v1\nv2", "TEMPORAL_WORKER_BUILD_ID"),
        ("zertifikatspfad-ö", "v1", "TEMPORAL_DEPLOYMENT_NAME"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_in_one_line(deployment: str, build_id: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"^{wrong} is .*: write at most") as caught:
        of(deployment, build_id)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    with pytest.raises(BadName):
        Build(deployment, build_id)


# --- the fingerprint

LOADED = """
import json, sys
before = set(sys.modules)
import workflows
print(json.dumps({name: getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - before}))
"""
# Packages that workflow code loads, and that decide nothing: which command is given and how a payload is read does not
# depend on their versions.
HARMLESS = {"annotated_types", "google", "nexusrpc", "typing_extensions", "typing_inspection"}


@pytest.fixture(scope="module")
def loaded() -> dict[str, str]:
    """The modules that workflow code loads, with their files, found in a process that has loaded nothing else."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, check=True)
    return {name: file for name, file in json.loads(done.stdout).items() if file}


def test_every_module_of_ours_that_workflow_code_loads_is_in_the_fingerprint(loaded: dict[str, str]) -> None:
    ours = {Path(file).relative_to(ROOT).as_posix() for file in loaded.values() if Path(file).is_relative_to(ROOT)}
    ours = {name for name in ours if (ROOT / name.split("/")[0] / "__init__.py").is_file()}
    assert "workflows/certification.py" in ours
    assert "runtime/search_attributes.py" in ours
    assert ours <= workflow_modules()
    # A module that was moved away must leave the list.
    assert all((ROOT / name).is_file() for name in workflow_modules())


def test_every_package_that_workflow_code_loads_is_in_the_fingerprint_or_decides_nothing(
    loaded: dict[str, str],
) -> None:
    packages = {name.split(".")[0] for name, file in loaded.items() if "site-packages" in file}
    assert {name.replace("_", "-") for name in packages - HARMLESS} | {"tzdata"} == set(PACKAGES)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Modules as those in the fingerprint, with less in them."""
    for name in workflow_modules():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f'"""The module {name}."""\n')
    return tmp_path


def test_the_same_code_has_the_same_fingerprint_wherever_it_stands(tree: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(tree, tmp_path / "elsewhere")
    assert code_fingerprint(elsewhere) == code_fingerprint(tree)
    # What no workflow executes may stand beside it.
    (tree / "activities" / "delivery.py").write_text("x = 1\n")
    (tree / "runtime" / "settings.py").write_text("x = 1\n")
    assert code_fingerprint(elsewhere) == code_fingerprint(tree)


@pytest.mark.parametrize("name", ["domain/calendar.py", "domain/matters/window.py", "runtime/metrics.py"])
def test_other_code_has_another_fingerprint_and_a_comment_is_no_code(tree: Path, name: str) -> None:
    before, source = code_fingerprint(tree), (tree / name).read_text()
    (tree / name).write_text(f"# A comment.\n\n{source}\r\n")
    assert code_fingerprint(tree) == before
    for changed in (f"{source}\nx = 1\n", "this is no Python"):
        (tree / name).write_text(changed)
        assert code_fingerprint(tree) != before


def test_a_module_more_and_a_module_elsewhere_are_other_code(tree: Path) -> None:
    before = code_fingerprint(tree)
    (tree / "domain" / "more.py").touch()
    more = code_fingerprint(tree)
    (tree / "domain" / "more.py").rename(tree / "views" / "more.py")
    assert len({before, more, code_fingerprint(tree)}) == 3


@pytest.mark.parametrize("package", PACKAGES)
def test_another_version_of_a_package_that_decides_is_another_fingerprint(tree: Path, package: str) -> None:
    before = code_fingerprint(tree)
    with mock.patch("runtime.builds.version", lambda name: "9.9.9" if name == package else version(name)):
        assert code_fingerprint(tree) != before
