"""The health of a worker process, asked over HTTP."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

WELL = {"ok": True}


class Health:
    """The health of one worker."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and document; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return 0, {}

    def problems(self) -> dict[str, str]:
        """What /ready names as wrong, by check."""
        status, document = self.ask("/ready")
        found = {name: one["problem"] for name, one in document.get("checks", {}).items() if not one["ok"]}
        assert status == (503 if found else 200), document
        assert document["ready"] is not bool(found)
        return found
