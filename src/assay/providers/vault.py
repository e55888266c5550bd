"""Sealing the keys of providers for storage: XSalsa20-Poly1305 (NaCl's secret box) under the server's own key."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from assay.model.errors import Invalid, Unavailable

KEY_FILE_NAME: Final = "secret.key"
KEY_BYTES: Final = 32
_SHORTEST_SECRET = 16
# The first byte of what is sealed, so that another method can follow.
_METHOD = b"\x01"


class Vault:
    """Seals texts with a key of 32 bytes; sealing the same text twice gives different bytes."""

    def __init__(self, key: bytes) -> None:
        from nacl.secret import SecretBox

        self._box = SecretBox(key)

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell this key from others and give nothing of it away."""
        return hashlib.blake2b(bytes(self._box), digest_size=4, person=b"assay shown").hexdigest()

    def apart(self, purpose: str) -> Vault:
        """Return a vault under a key derived for a purpose (BLAKE2b): what one seals, no other opens."""
        return Vault(hashlib.blake2b(purpose.encode(), key=bytes(self._box), digest_size=KEY_BYTES).digest())

    def seal(self, text: str) -> bytes:
        """Return the text encrypted and authenticated, 41 bytes longer than its UTF-8."""
        return _METHOD + bytes(self._box.encrypt(text.encode()))

    def open(self, sealed: bytes) -> str:
        """Return what was sealed; raises Unavailable where this key did not seal it or the bytes are damaged."""
        from nacl.exceptions import CryptoError

        if sealed[:1] == _METHOD:
            try:
                return self._box.decrypt(sealed[1:]).decode()
            except (CryptoError, ValueError, TypeError):
                pass
        raise Unavailable(
            "A stored key cannot be opened with this server's secret key. Start the server with the ASSAY_SECRET_KEY "
            f"(or the {KEY_FILE_NAME} in its data directory) that it was stored with, or store the key again."
        )


def open_vault(data_directory: Path, secret: str | None) -> Vault:
    """Return the vault under `secret` (ASSAY_SECRET_KEY: any long text), else under the key file, made if missing.

    Servers and workers that start at once on one directory get the same key. Raises Invalid for a secret shorter than
    16 characters, Unavailable when the file cannot be made or read or is damaged.
    """
    if secret is not None:
        return Vault(derive_key(secret))
    path = data_directory / KEY_FILE_NAME
    try:
        if not path.exists():
            _create_key_file(path)
        written = path.read_text(encoding="ascii").strip()
        key = bytes.fromhex(written)
    except OSError as error:
        raise Unavailable(
            f"The secret key in {path} cannot be used: {error.strerror}. Or set ASSAY_SECRET_KEY."
        ) from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Unavailable(
            f"The secret key in {path} is damaged: it must be {2 * KEY_BYTES} hexadecimal digits. Restore it from a "
            "backup; without it the stored keys of providers are lost, and the file can be removed."
        )
    return Vault(key)


def derive_key(secret: str) -> bytes:
    """Return 32 bytes for a text (BLAKE2b, RFC 7693); raises Invalid when it is shorter than 16 characters.

    Nothing slows down guessing: the text should be random, such as from `openssl rand -hex 32`.
    """
    secret = secret.strip()
    if len(secret) < _SHORTEST_SECRET:
        raise Invalid.field(
            "ASSAY_SECRET_KEY",
            f"Has {len(secret)} characters: use {_SHORTEST_SECRET} random ones or more (`openssl rand -hex 32`).",
        )
    return hashlib.blake2b(secret.encode(), digest_size=KEY_BYTES, person=b"assay vault").digest()


def _create_key_file(path: Path) -> None:
    """Make the file, readable by its owner alone; where another process was faster, its file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{KEY_FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link appears whole or not at all, and never in the place of another.
            os.link(made, path)
        except FileExistsError:
            return
    finally:
        made.unlink()
