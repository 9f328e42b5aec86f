"""A head of the record as a JSON document that is filed outside, where nobody who runs the record can change it.

What is signed, and how, must be computed in the same way in decades, also by others: docs/record.md describes it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from record.errors import BadHead, BadKey, ForgedHead
from record.proof import Head

KIND = "certpath-head-1"
"""Names this kind of document and of signature. Another way would get another name, beside this one."""

_HEX = re.compile(r"[0-9a-f]*")
_HASH, _KEY, _SIGNATURE = 64, 64, 128


@dataclass(frozen=True, slots=True)
class Filed:
    """A head as it is filed.

    Attributes:
        taken_at: when it was taken, as RFC 3339, by the clock of who took it.
        public_key: the signer's Ed25519 public key, in hexadecimal digits; None where it is not signed.
        signature: the signature of `signed_text`, likewise.
    """

    head: Head
    taken_at: str
    public_key: str | None = None
    signature: str | None = None

    @property
    def signed_text(self) -> bytes:
        """What the signature is made of: a JSON array in ASCII, without blanks."""
        head = self.head
        parts = [KIND, head.position, head.candidacies, head.root, self.taken_at]
        return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()

    def signed(self, key: Ed25519PrivateKey) -> Filed:
        """The same, signed with this key."""
        public = key.public_key().public_bytes_raw().hex()
        return Filed(self.head, self.taken_at, public, key.sign(self.signed_text).hex())

    @property
    def is_signed(self) -> bool:
        """Whether it has a signature, and the key by which `check_signature` checks it."""
        return self.public_key is not None and self.signature is not None

    def check_signature(self, known: Ed25519PublicKey | None = None) -> None:
        """Returns if the signature is right, and made with the key whose public part is `known`, where that is given.

        Raises:
            ForgedHead: it is not, or there is none although a key is known, or the signature or its key is missing.
        """
        if self.public_key is None and self.signature is None:
            if known is not None:
                raise ForgedHead("the head is not signed")
            return
        if self.public_key is None or self.signature is None:
            missing = "public_key" if self.public_key is None else "signature"
            raise ForgedHead(f"the signature of the head cannot be checked: {missing} is missing")
        if known is not None and known.public_bytes_raw().hex() != self.public_key:
            raise ForgedHead("the head is signed with another key")
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            public.verify(bytes.fromhex(self.signature), self.signed_text)
        except (InvalidSignature, ValueError) as error:
            raise ForgedHead("the signature of the head is wrong: somebody has changed it") from error

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "kind": KIND,
            "position": self.head.position,
            "candidacies": self.head.candidacies,
            "root": self.head.root,
            "taken_at": self.taken_at,
            "public_key": self.public_key,
            "signature": self.signature,
        }


def read(text: str) -> Filed:
    """The head in a document. More fields than ours are ignored; the signature is not checked yet.

    Raises:
        BadHead: it is no head, or one of another kind.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadHead("the head is not JSON") from error
    if not isinstance(found, dict) or "kind" not in found:
        raise BadHead(f"the file has no head of a record: its field kind is not {KIND}")
    if found["kind"] != KIND:
        raise BadHead(f"the head is of the kind {str(found['kind'])[:40]!r}, and this build reads {KIND}")
    return Filed(
        Head(_number(found, "position"), _number(found, "candidacies"), _digits(found, "root", _HASH)),
        _text(found, "taken_at"),
        _digits(found, "public_key", _KEY) if found.get("public_key") is not None else None,
        _digits(found, "signature", _SIGNATURE) if found.get("signature") is not None else None,
    )


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if type(value) is not int or value < 0:
        raise BadHead(f"the head is damaged: {name} must be a whole number")
    return value


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise BadHead(f"the head is damaged: {name} must be a text")
    return value


def _digits(found: dict[str, Any], name: str, length: int) -> str:
    value = _text(found, name)
    if len(value) != length or not _HEX.fullmatch(value):
        raise BadHead(f"the head is damaged: {name} must be {length} hexadecimal digits")
    return value


# --- keys


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in this PEM file, as `openssl genpkey -algorithm ed25519` writes it.

    Raises:
        BadKey: there is none.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(_unusable(path, "private", error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(_unusable(path, "private"))
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The key in this PEM file, as `openssl pkey -pubout` writes it.

    Raises:
        BadKey: there is none.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(_unusable(path, "public", error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey(_unusable(path, "public"))
    return key


def _unusable(path: Path, kind: str, error: Exception | None = None) -> str:
    why = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return f"the file {path} is no Ed25519 {kind} key in a PEM file without a passphrase{why}"
