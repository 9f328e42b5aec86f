"""The installable package: built, installed into an environment of its own, and used from another folder."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from runtime.settings import ROOT

# What a build of the package reads: neither tests nor documents.
SOURCES = ("pyproject.toml", "README.md", "worker.py", "starter.py")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the package installed, which finds the packages that it depends on in ours."""
    folder = tmp_path_factory.mktemp("package")
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        shutil.copy(ROOT / name, sources)
    for path in ROOT.iterdir():
        if path.is_dir() and not path.name.startswith(".") and path.name not in ("var", "tests", "docs"):
            shutil.copytree(path, sources / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    # By uv, which needs a fifth of the CPU that pip needs. It builds with our setuptools, and asks nobody.
    uv("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder), str(sources))
    (wheel,) = folder.glob("certpath-*.whl")
    shutil.rmtree(sources)

    venv.create(folder / "home", with_pip=False, symlinks=True)
    uv("pip", "install", "--no-deps", "--no-index", "--python", str(folder / "home/bin/python"), str(wheel))
    packages = next((folder / "home" / "lib").glob("python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "home"


def uv(*arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("uv")), *arguments]
    subprocess.run([*command, "--quiet", "--offline", "--no-cache", "--no-config"], check=True)


def run(home: Path, command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of the installed package, in a folder and for a person that have nothing of a checkout."""
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CERTPATH_", "XDG_", "PYTHON"))}
    kept |= {"HOME": str(elsewhere), "TEMPORAL_ADDRESS": "127.0.0.1:1", **environment}
    return subprocess.run(
        [str(home / "bin" / command), *arguments], cwd=elsewhere, env=kept, capture_output=True, text=True, check=False
    )


def test_both_commands_are_installed_and_explain_themselves(home: Path) -> None:
    for command in ("certpath", "certpath-worker"):
        helped = run(home, command, "--help")
        assert (helped.returncode, helped.stderr) == (0, "")
        assert "exit codes" in helped.stdout


def test_the_package_has_the_data_that_it_needs(home: Path) -> None:
    code = (
        "import json, sys; from runtime.settings import ROOT, Settings; from activities.programme import read_scheme;"
        "from activities.rendering import TEMPLATES;"
        "print(json.dumps([str(ROOT), str(Settings().outbox), read_scheme(Settings().scheme).version,"
        " len(list(TEMPLATES.glob('*.j2'))), sorted(p.name for p in (ROOT / 'examples').glob('*.*'))]))"
    )
    found = run(home, "python", "-c", code)
    assert found.stderr == ""
    root, outbox, version, templates, examples = json.loads(found.stdout)
    assert Path(root).name == "site-packages"
    assert Path(outbox) == home.parent / "elsewhere/.local/state/certpath/outbox", "never into the installed package"
    assert version
    assert templates == len(list((ROOT / "activities/templates").glob("*.j2")))
    assert {"candidates.csv", "results.jsonl", "messages.jsonl"} <= set(examples)


def test_the_installed_commands_work_and_fail_as_in_a_checkout(home: Path) -> None:
    checked = run(home, "certpath", "results", str(ROOT / "examples/overnight.csv"), "--dry-run")
    assert (checked.returncode, checked.stdout) == (3, ""), "the file is read, and Temporal is not there"
    assert "127.0.0.1:1" in checked.stderr
    worker = run(home, "certpath-worker", "--check")
    assert worker.returncode == 3
    assert "Temporal" in worker.stderr
