"""Temporal's refusals of calls as typed errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError, RPCStatusCode

from client.errors import ClientError, MisusedCall, NotServed, Unreachable
from runtime.attribute_names import Attribute


@contextmanager
def explaining() -> Iterator[None]:
    """Turns Temporal's refusal of a call in the block into a typed error: `Unreachable`, or `MisusedCall`."""
    try:
        yield
    except RPCError as error:
        raise explained(error) from error


def explained(error: RPCError) -> ClientError:
    """What Temporal's refusal of a call means, where the caller has no better word for it."""
    message = " ".join(error.message.split())[:300]
    if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return Unreachable(f"Temporal stopped answering ({message}): try again.")
    if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
        return Unreachable(f"Temporal does not let us in ({message}): check TEMPORAL_API_KEY and the TLS settings.")
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return Unreachable(f"Temporal is overloaded or limits us ({message}): try again in a minute.")
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return MisusedCall(f"Temporal does not take this: {message}", _hints(message))
    kind = NotServed if error.status is RPCStatusCode.UNIMPLEMENTED else Unreachable
    return kind(f"Temporal answers with an error ({error.status.name}): {message}")


def about_filter(error: RPCError, text: str) -> ClientError:
    """The same for a call with this list filter."""
    found = explained(error)
    if not isinstance(found, MisusedCall):
        return found
    # The server counts its positions in the whole of it.
    return MisusedCall(found.sentence, [*found.notes, f"The whole list filter was: {text}"])


def _hints(message: str) -> tuple[str, ...]:
    # The server names any word of a filter that it does not know as a search attribute. Only for one of ours it helps
    # to register them.
    unknown = "search attribute" in message.lower() and any(name in message for name in Attribute)
    return ("Are the search attributes registered? `./starter.py setup` does it.",) if unknown else ()
