"""`starter.py dev`: a Temporal server with its UI and a worker, in the foreground, data kept."""

import asyncio
from pathlib import Path

from cli import exits, output
from cli.options import number, option, verb
from runtime import development
from runtime.kept_database import InUse, NoDatabase, OtherBuild


def _port(text: str | int) -> int:
    return number(str(text), 1, 65535)


@verb("dev", "Runs an embedded Temporal server, its Web UI and a worker until Ctrl-C. Data is kept.", "")
@option("--port", type=_port, default=7233, metavar="PORT", help="of the server (default 7233)")
@option("--ui-port", type=_port, default=8233, metavar="PORT", help="of the Web UI (default 8233)")
@option("--db", type=Path, metavar="FILE", help="SQLite file (default var/temporal.db); the record is beside it")
@option("--anyway", is_flag=True, help="go on with the candidacies in that file even if they belong to other code")
def command(port: int, ui_port: int, db: Path | None, anyway: bool) -> int:
    """Run until a signal asks to stop."""
    path = db.expanduser().resolve() if db else development.DEFAULT_DB
    try:
        asyncio.run(development.serve(port, ui_port, path, output.say, anyway=anyway))
    except development.PortInUse as error:
        flag = "--port" if error.port == port else "--ui-port"
        end = f"end it with `kill {error.listener.pid}`" if error.listener else "end what listens there"
        raise exits.Unreachable(
            f"{str(error).removesuffix('.')}: {end}, or choose another port with {flag}."
        ) from error
    except development.CannotServe as error:
        raise exits.Unreachable(str(error)) from error
    except (development.WorkerRefusesSettings, OtherBuild, NoDatabase, InUse) as error:
        raise exits.BadInput(str(error)) from error
    return exits.DONE
