"""`starter.py upgrade`: shows which builds the candidacies run on, and moves them to another build."""

from typing import NamedTuple

import click

from cli import builds, exits, moves, output
from cli.bulk.options import at_once_option
from cli.moves import Manner
from cli.options import gathered, json_option, number, option, verb
from cli.session import connected
from client import current_build, deployments
from client.connection import Client
from client.deployments import BuildView, DeploymentView, Everywhere
from client.errors import FormatNotRead, NoWorker
from runtime.builds import DEPLOYMENT_VARIABLE, BadName, Build

_ABOUT = """\
Without BUILD it shows the builds of the workers, and how many open candidacies run on each.

With BUILD it makes this build current and moves every open candidacy to it: each one is woken, finishes what is under
way, and goes on there. It ends when nobody is left elsewhere, so that the workers of the build before may be stopped.
Start a worker of BUILD first, and keep those of the build before until then. Interrupted and given again, it goes on.
Given with the build before, it moves everyone back.

With --ramp only a part of all candidacies moves, and the same part of the new ones begins there. Which ones is decided
by their workflow id, so that a higher percentage adds to those of a lower one.
"""
_EXAMPLE = """\
workers:  polling, or none: no worker of this build has asked for work within the last minute.
status:   current; ramping; draining: candidacies may be left on it; drained; inactive: it was never current.
          (no build): run by workers without a build, or not taken up by any worker yet. (between builds): handed over,
          and not taken up yet.

examples:
  ./starter.py upgrade
  ./starter.py upgrade v1.5.0 --ramp 5
  ./starter.py upgrade v1.5.0
"""


class Choice(NamedTuple):
    """What the options ask for."""

    deployment: str | None
    ramp: int | None
    first: bool
    at_once: int
    force: bool
    as_json: bool


def _percentage(text: str) -> int:
    return number(text, 1, 100)


@verb("upgrade", _ABOUT, _EXAMPLE)
@click.argument("build", metavar="[BUILD]", required=False, help="the build id of the workers, e.g. v1.5.0")
@gathered(Choice, Choice._fields, "choice")
@option("--deployment", envvar=DEPLOYMENT_VARIABLE, metavar="NAME", help="of which deployment, if there are several")
@option("--ramp", type=_percentage, metavar="PERCENT", help="move only this part of all candidacies")
@option("--first", is_flag=True, help="make BUILD current only if no build is; wake nobody, wait for no worker")
@at_once_option
@option(
    "--force",
    is_flag=True,
    help="also if BUILD has no worker, takes up no more candidacies, or cannot read what is stored",
)
@json_option("print one JSON document")
def command(build: str | None, choice: Choice) -> int:
    """Look, and do what is asked for."""
    if build is None:
        if choice.ramp is not None or choice.first or choice.force:
            raise exits.BadInput("Name the BUILD: `./starter.py upgrade` shows which there are.")
        return connected(lambda client: _show(client, choice))
    if choice.first and choice.ramp is not None:
        raise exits.BadInput("--first makes the build current as a whole: leave --ramp out.")
    if choice.first:
        return connected(lambda client: _first(client, build, choice))
    return connected(lambda client: _upgrade(client, build, choice))


async def _show(client: Client, choice: Choice) -> int:
    everywhere = await deployments.everywhere(client)
    if choice.as_json:
        output.document(builds.document(everywhere))
        return exits.DONE
    builds.show(everywhere)
    for sentence in builds.advice(everywhere):
        output.say(sentence)
    return exits.DONE


async def _first(client: Client, build: str, choice: Choice) -> int:
    """Make the build current where no build is. A new installation does it before its first worker starts."""
    everywhere = await deployments.everywhere(client)
    known = [one.name for one in everywhere.deployments]
    name = choice.deployment or (known[0] if len(known) == 1 else None)
    if name is None:
        raise exits.BadInput(f"Name the deployment, with --deployment or {DEPLOYMENT_VARIABLE}.")
    current = everywhere.deployment(name).current if name in known else None
    if current is None:
        await current_build.make_current(client, _build(name, build), before_any_worker=True)
    if choice.as_json:
        output.document(
            {"deployment": name, "build": build, "made_current": current is None, "current": current or build}
        )
    elif current is None:
        output.say(f"Build {build} of {name} is current now.")
    else:
        output.say(f"Build {current} of {name} is current already: nothing was changed.")
    return exits.DONE


async def _upgrade(client: Client, name: str, choice: Choice) -> int:
    everywhere = await deployments.everywhere(client)
    deployment = everywhere.deployment(choice.deployment)
    view = deployment.build(name)
    build = _build(deployment.name, name)
    if not choice.force:
        await _check_workers(client, view)
        check_format(view, everywhere)
    manner = Manner(choice.at_once, hold_back=not choice.force, as_json=choice.as_json)
    if choice.ramp is not None:
        return await _ramp(client, deployment, build, choice.ramp, manner)
    return await moves.everyone(client, build, manner, is_current=deployment.current == name and not deployment.ramping)


async def _ramp(client: Client, deployment: DeploymentView, build: Build, percentage: int, manner: Manner) -> int:
    name = build.build_id
    if deployment.current == name:
        raise exits.BadInput(
            f"Build {name} is current, so that everyone goes there already. Ramp another build, or make one current."
        )
    await current_build.ramp(client, build, percentage)
    output.say(f"Build {name} of {deployment.name} gets {percentage} % of the candidacies now.")
    # Where it had more before, some of those on it go back. What it had before is not known if the command that made it
    # less was interrupted: the server has its new percentage by then.
    return await moves.a_part(client, build, percentage, manner, also_on_it=deployment.ramping == name)


def _build(deployment: str, build: str) -> Build:
    try:
        return Build(deployment, build)
    except BadName as error:
        raise exits.BadInput(f"The name of the build {error}") from error


async def _check_workers(client: Client, view: BuildView) -> None:
    """Raises `NoWorker` if nobody would take the candidacies over."""
    if not await deployments.has_workers(client, view):
        raise NoWorker(
            f"No worker of build {view.build} asks for work: start one, and wait until it is ready. Nothing was "
            "changed."
        )


def check_format(view: BuildView, everywhere: Everywhere) -> None:
    """Raises `FormatNotRead` if the build could not read what it gets."""
    others = [one for one in everywhere.builds if one.name != view.name and _stored(one) and one.format is not None]
    newest = max(others, key=lambda one: one.format or 0, default=None)
    if newest is None or newest.format is None or (view.format or 0) >= newest.format:
        return
    reads = "does not say which format it reads" if view.format is None else f"reads format {view.format} at most"
    raise FormatNotRead(
        f"Build {view.build} {reads}, and {builds.how_many(_stored(newest))} on build {newest.build} may be stored "
        f"in format {newest.format}: they would wait until a build takes them that reads it. Nothing was changed.",
        reads=view.format,
        needed=newest.format,
    )


def _stored(view: BuildView) -> int:
    """How many candidacies this build has stored last: those on it, and those that no build has taken over from it."""
    return view.candidacies + view.handed_over
