"""The Merkle tree head of RFC 6962, section 2.1: one hash over a list of entries, computed in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def tree_head(entries: Iterable[bytes]) -> bytes:
    """The Merkle tree head (SHA-256) of these entries in their order.

    Only one hash for each complete subtree is kept, so memory grows with the logarithm of the number of entries.
    """
    subtrees: list[tuple[int, bytes]] = []  # size and hash, from the left
    for entry in entries:
        size, node = 1, hashlib.sha256(b"\x00" + entry).digest()
        while subtrees and subtrees[-1][0] == size:
            size, node = 2 * size, _node(subtrees.pop()[1], node)
        subtrees.append((size, node))
    if not subtrees:
        return hashlib.sha256().digest()
    head = subtrees.pop()[1]
    while subtrees:
        head = _node(subtrees.pop()[1], head)
    return head


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
