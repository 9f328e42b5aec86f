"""`python -m monitoring.probe`: whether the worker at CERTPATH_HEALTH_ADDRESS is ready, for a container's health check.

It prints the worker's own answer. It ends with 0 if the worker is ready, and with 1 if it is not or does not answer. It
imports only the standard library, because it runs every few seconds beside the worker.
"""

import http.client
import os
import sys

_SECONDS = 8.0
_EVERY_ADDRESS = ("0.0.0.0", "[::]")


def main() -> int:
    """Ask once, print the answer, and return the exit code."""
    host, _, port = os.environ.get("CERTPATH_HEALTH_ADDRESS", "").rpartition(":")
    try:
        # Not urllib, which would use a proxy if the environment names one.
        connection = http.client.HTTPConnection(
            host if host and host not in _EVERY_ADDRESS else "127.0.0.1", int(port), timeout=_SECONDS
        )
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        print(answer.read().decode(), end="")
    except (OSError, ValueError, http.client.HTTPException) as error:
        print(f"The worker does not answer at CERTPATH_HEALTH_ADDRESS ({error}).")
        return 1
    return 0 if answer.status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
