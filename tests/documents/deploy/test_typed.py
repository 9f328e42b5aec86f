"""The commands of docs/production.md, typed as they stand there: an installation, and then its upgrade."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.settings import ROOT, Settings
from tests.documents.deploy.test_compose_settings import BOTH_FILES, schemes, understood_by_compose

PRODUCTION = (ROOT / "docs/production.md").read_text()
INSTALLING, UPGRADING = "From an empty machine to a running installation", "Upgrading"
RESTORING = "Back-up and restore"
SCHEME = "local-schemes/ciac.toml"


def commands(heading: str) -> str:
    """The commands of a part that need no engine. The code is here already, instead of being fetched."""
    part = PRODUCTION.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", part, re.DOTALL)).replace("\\\n", " ").splitlines()
    typed = [line.strip() for line in lines if not re.search(r"\bdocker |starter\.py|git clone", line)]
    return "\n".join(typed).replace("git fetch --tags && git checkout RELEASE", "git checkout --quiet v2")


def typed(folder: Path, script: str) -> str:
    """What the shell prints. It stops at the first command that fails."""
    done = subprocess.run(["/bin/sh", "-euc", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


RELEASE = """
git add --all
git -c user.name=nobody -c user.email=nobody@example.org commit --quiet --message {0}
git -c user.name=nobody -c user.email=nobody@example.org tag --annotate --message {0} {0}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the release v1, which also has the release v2 with another scheme and another .env."""
    for name in ("docker-compose.yml", ".env", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("deploy", "schemes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    change = "echo '# changed by the release' | tee -a .env >> schemes/ciac.toml"
    typed(tmp_path, f"git init --quiet {RELEASE.format('v1')} {change} {RELEASE.format('v2')} git checkout --quiet v1")
    return tmp_path


def test_an_installation_is_upgraded_by_the_commands_as_they_are_written(checkout: Path) -> None:
    typed(checkout, commands(INSTALLING))
    services = understood_by_compose(checkout, COMPOSE_ENV_FILES=BOTH_FILES)
    assert services["worker"]["image"] == "certpath:v1"
    assert (checkout / "secrets/smtp-url").read_text().startswith("smtps://")

    mine = (checkout / SCHEME).read_text().replace("wait_days = ", "wait_days = 1")
    (checkout / SCHEME).write_text(mine)
    typed(checkout, commands(UPGRADING))
    services = understood_by_compose(checkout, COMPOSE_ENV_FILES=BOTH_FILES)
    assert {name: services[name]["image"] for name in ("worker", "starter", "worker-previous")} == {
        "worker": "certpath:v2",
        "starter": "certpath:v2",
        "worker-previous": "certpath:v1",
    }
    assert schemes(checkout)["worker"] == checkout / "local-schemes"
    assert schemes(checkout)["worker-previous"] == checkout / "previous-schemes"
    assert (checkout / SCHEME).read_text() == (checkout / "previous-schemes/ciac.toml").read_text() == mine
    assert typed(checkout, "git status --short") == "", "the release's own files are untouched, and ours are ignored"


def test_a_restored_installation_has_the_secrets_of_today_and_no_mail_server_also_the_second_time(
    checkout: Path,
) -> None:
    typed(checkout, commands(INSTALLING))
    lines = commands(RESTORING).splitlines()
    last = "rm -rf restored-secrets"
    for password in ("the first", "the second"):
        (checkout / "secrets/postgres-password").write_text(password)
        typed(checkout, "\n".join(line for line in lines if line != last))
        assert (checkout / "restored-secrets/postgres-password").read_text() == password
        assert (checkout / "restored-secrets/smtp-url").read_text() == ""
    typed(checkout, "\n".join(lines))
    assert not (checkout / "restored-secrets").exists(), "no second copy of the passwords stays"


def test_what_is_stopped_or_removed_is_so_with_the_services_of_every_profile() -> None:
    """Compose leaves a service of a profile that is not named running, such as workers of the release before."""
    ended = re.findall(r"docker compose ((?:--profile \S+ )*)(?:stop|down)\b", PRODUCTION)
    assert ended
    assert set(ended) == {'--profile "*" '}


def test_every_setting_that_the_page_names_is_one_of_the_compose_file_or_of_the_worker() -> None:
    known = (ROOT / "docker-compose.yml").read_text() + (ROOT / ".env").read_text()
    known += (ROOT / Settings.__module__.replace(".", "/")).with_suffix(".py").read_text()
    for page in ("production.md", "upgrading.md"):
        named = set(
            re.findall(r"\b(?:CERTPATH_[A-Z_]*[A-Z]|[A-Z]+(?:_[A-Z]+)*_VERSION)\b", (ROOT / "docs" / page).read_text())
        )
        assert named <= set(re.findall(r"\w+", known)), page
