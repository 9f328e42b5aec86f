"""`python -m monitoring.probe`: whether the worker at CERTPATH_HEALTH_ADDRESS is ready, for a container's health check.

It prints the worker's own answer. It ends with 0 if the worker is ready, and with 1 if it is not or does not answer. It
imports only the standard library, because it runs every few seconds beside the worker.
"""

import http.client
import os
import sys

_SECONDS = 8.0
# A worker that listens on every address is asked on this machine. On every IPv6 address, it does not listen on IPv4.
_ASKED_AT = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def main() -> int:
    """Ask once, print the answer, and return the exit code."""
    host, _, port = os.environ.get("CERTPATH_HEALTH_ADDRESS", "").strip().rpartition(":")
    host = host.strip("[]")
    try:
        # Not urllib, which would use a proxy if the environment names one.
        connection = http.client.HTTPConnection(_ASKED_AT.get(host, host), int(port), timeout=_SECONDS)
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        print(answer.read().decode(), end="")
    except (OSError, ValueError, http.client.HTTPException) as error:
        print(f"The worker does not answer at CERTPATH_HEALTH_ADDRESS ({error}).")
        return 1
    return 0 if answer.status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
