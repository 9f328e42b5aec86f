"""The Merkle tree head, against the definition of RFC 6962 and against heads that others have published."""

import hashlib
from collections.abc import Sequence

import pytest

from record.merkle import tree_head

# The entries with which implementations of Certificate Transparency test themselves, and the head over the first n.
_ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
_HEADS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_definition(entries: Sequence[bytes]) -> bytes:
    """Section 2.1 of the RFC, word by word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    left = 1
    while 2 * left < len(entries):
        left *= 2
    return hashlib.sha256(b"\x01" + by_definition(entries[:left]) + by_definition(entries[left:])).digest()


@pytest.mark.parametrize("number", range(len(_HEADS)))
def test_published_heads_come_out(number: int) -> None:
    assert tree_head(bytes.fromhex(entry) for entry in _ENTRIES[:number]).hex() == _HEADS[number]


def test_the_definition_and_the_pass_agree_for_every_small_number() -> None:
    for number in range(70):
        entries = [str(one).encode() for one in range(number)]
        assert tree_head(entries) == by_definition(entries), number
