"""deploy/prepare.sh: the secrets and folders of an installation, made as root and as anybody else."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import ROOT
from tests.documents.deploy.test_compose_file import COMPOSE

NOBODY = 65534


def run(folder: Path, script: str = "deploy/prepare.sh", **given: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in a copy of the checkout's `deploy/`, as the owner of that folder."""
    if not (folder / "deploy").exists():
        shutil.copytree(ROOT / "deploy", folder / "deploy")
        shutil.copy(ROOT / ".env", folder)
    owner, is_root = folder.stat(), os.getuid() == 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CERTPATH_")}
    return subprocess.run(
        ["/bin/sh", "-euc", script],
        cwd=folder,
        env=environment | given,
        capture_output=True,
        text=True,
        check=False,
        user=owner.st_uid if is_root else None,
        group=owner.st_gid if is_root else None,
        extra_groups=[] if is_root else None,
    )


def prepare(folder: Path, **given: str) -> str:
    """Run it there, and answer what it said."""
    done = run(folder, **given)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A folder of somebody who is not root."""
    with tempfile.TemporaryDirectory(prefix="certpath-") as folder:
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


def test_prepare_makes_each_secret_once(tmp_path: Path) -> None:
    prepare(tmp_path)
    secrets = tmp_path / "secrets"
    made = {path.name: path.read_text() for path in secrets.iterdir() if path.is_file()}
    assert made.keys() == COMPOSE["secrets"].keys()
    assert made.pop("smtp-url") == ""
    addresses = {name: made.pop(name) for name in ("record-url", "record-owner-url")}
    assert addresses == {
        "record-url": f"postgresql://certpath_worker:{made['certpath-worker-db-password']}@postgres/certpath",
        "record-owner-url": f"postgresql://certpath:{made['certpath-db-password']}@postgres/certpath",
    }
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in made.values())
    assert len(set(made.values())) == len(made)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    (secrets / "smtp-url").write_text("smtp://mail.example.org")
    (secrets / "record-url").write_text("postgresql://somebody@db.example.org/certpath")
    assert "made" not in prepare(tmp_path)
    assert {path.name: path.read_text() for path in secrets.iterdir() if path.is_file()} == {
        **made,
        **addresses,
        "smtp-url": "smtp://mail.example.org",
        "record-url": "postgresql://somebody@db.example.org/certpath",
    }


def test_prepare_adds_what_a_later_release_needs_and_follows_a_changed_password(tmp_path: Path) -> None:
    prepare(tmp_path)
    secrets = tmp_path / "secrets"
    before = (secrets / "certpath-db-password").read_text()
    for name in ("record-url", "record-owner-url", "certpath-worker-db-password"):
        (secrets / name).unlink()
    prepare(tmp_path)
    password = (secrets / "certpath-worker-db-password").read_text()
    assert f":{password}@" in (secrets / "record-url").read_text()
    assert f":{before}@" in (secrets / "record-owner-url").read_text()


def test_somebody_who_is_not_root_can_prepare_and_later_write_an_address_and_a_password(nobodys: Path) -> None:
    told = prepare(nobodys)
    owner = nobodys.stat()
    assert f"CERTPATH_UID={owner.st_uid}\nCERTPATH_GID={owner.st_gid}\n" in told
    written = run(nobodys, "for name in smtp-url certpath-db-password; do printf mine > secrets/$name; done")
    assert written.returncode == 0, written.stderr
    (nobodys / "local.env").write_text(f"CERTPATH_UID={owner.st_uid}\nCERTPATH_GID={owner.st_gid}\n")
    assert "CERTPATH_UID" not in prepare(nobodys)


def test_the_users_of_the_containers_can_read_each_secret_and_only_the_owner_can_enter_the_folder(
    tmp_path: Path,
) -> None:
    prepare(tmp_path)
    files = [path for path in (tmp_path / "secrets").iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o644}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


@pytest.mark.parametrize("written", ["{}", '"{}"', "'{}'", "{}  # on the encrypted disk"])
def test_the_folders_are_those_of_local_env(tmp_path: Path, written: str) -> None:
    chosen = tmp_path / "of its own"
    (tmp_path / "local.env").write_text(
        f"CERTPATH_SECRETS=./an-earlier-line\nCERTPATH_SECRETS={written.format(chosen)}\nCERTPATH_EXCHANGE=./files\n"
    )
    prepare(tmp_path)
    assert (chosen / "smtp-url").exists()
    assert (tmp_path / "files").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "deploy", "files", "local.env", "of its own"]


def test_the_environment_comes_before_local_env_as_it_does_for_compose(tmp_path: Path) -> None:
    (tmp_path / "local.env").write_text("CERTPATH_SECRETS=./written")
    prepare(tmp_path, CERTPATH_SECRETS="./exported")
    assert (tmp_path / "exported/smtp-url").exists()
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("path", ["secrets", "$(touch run)/secrets", "./${HOME}"])
def test_a_folder_that_compose_would_take_otherwise_is_refused_and_nothing_is_run(tmp_path: Path, path: str) -> None:
    (tmp_path / "local.env").write_text(f"CERTPATH_SECRETS={path}\n")
    refused = run(tmp_path)
    assert refused.returncode == 2
    assert f"CERTPATH_SECRETS must be a path that begins with / or ./ and has no variable in it, and is: {path}" in (
        refused.stderr
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == [".env", "deploy", "local.env"]
