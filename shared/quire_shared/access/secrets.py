"""Secrets at rest: envelope encryption with a key file that is kept apart from the databases.

Every secret has a data key of its own (AES-256-GCM, NIST SP 800-38D), which is itself encrypted with a key of the key
file. **A stored secret opens only in the place it was made for**: the context (which row, which column) is
authenticated. Rotation makes a new key in the file; `Keyring.rewrap` then renews the envelope without the secret.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from quire_shared.observe.logs import register_secret

VERSION: Final = "q1"
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32


class SecretsError(Exception):
    """A secret that can't be opened, or a key file that can't be used; says what to do, never the secret."""


class Keyring:
    """The keys of one key file: the current one encrypts, all of them decrypt.

    The file (mode 0600) is made when it is missing. Without it no stored secret can be read again: back it up apart
    from the databases. Raises `SecretsError` when it is damaged or readable by others.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._keys: dict[str, bytes] = {}
        self._current = ""
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked():
            if not file.exists():
                self._add_key()
        self._load()

    def __repr__(self) -> str:
        return f"Keyring({str(self.file)!r}, current={self._current!r})"

    @property
    def current(self) -> str:
        """Id of the key that encrypts."""
        return self._current

    def encrypt(self, secret: SecretStr, context: str) -> str:
        """Return the stored form of a secret; ``context`` names its place, for instance ``endpoint/<id>/password``."""
        data_key = AESGCM.generate_key(256)
        sealed = _seal(data_key, secret.get_secret_value().encode(), f"secret:{context}")
        register_secret(secret.get_secret_value())
        return self._envelope(data_key, sealed, context)

    def decrypt(self, stored: str, context: str) -> SecretStr:
        """Open a stored secret. From then on logs hide its value.

        Raises `SecretsError` when its key is missing, it was changed, or it was made for another place.
        """
        data_key, sealed = self._open(stored, context)
        secret = _unseal(data_key, sealed, f"secret:{context}").decode()
        register_secret(secret)
        return SecretStr(secret)

    def is_current(self, stored: str) -> bool:
        """Tell whether a stored secret's envelope is made with the current key."""
        return _parts(stored)[0] == self._current

    def rewrap(self, stored: str, context: str) -> str:
        """Renew the envelope with the current key; the secret itself is not touched. Raises like `decrypt`."""
        data_key, sealed = self._open(stored, context)
        return self._envelope(data_key, sealed, context)

    def rotate(self) -> str:
        """Make a new current key and return its id; the older keys stay until `retire`."""
        with self._locked():
            self._load()
            self._add_key()
        self._load()
        return self._current

    def retire(self, key_id: str) -> None:
        """Delete an older key from the file: what is still wrapped with it is lost. `SecretsError` for the current."""
        with self._locked():
            self._load()
            if key_id == self._current:
                raise SecretsError(f"Key {key_id} is the current one; rotate first.")
            if key_id not in self._keys:
                raise SecretsError(f"There is no key {key_id} in {self.file}.")
            del self._keys[key_id]
            self._save()

    def _envelope(self, data_key: bytes, sealed: bytes, context: str) -> str:
        wrapped = _seal(self._keys[self._current], data_key, f"key:{self._current}:{context}")
        return ".".join((VERSION, self._current, _encode(wrapped), _encode(sealed)))

    def _open(self, stored: str, context: str) -> tuple[bytes, bytes]:
        key_id, wrapped, sealed = _parts(stored)
        if key_id not in self._keys:
            self._load()  # another process may have rotated
        if key_id not in self._keys:
            raise SecretsError(
                f"A stored secret needs key {key_id}, which is not in {self.file}; restore the key file from its backup, "
                f"or enter the secret again."
            )
        return _unseal(self._keys[key_id], wrapped, f"key:{key_id}:{context}"), sealed

    def _load(self) -> None:
        if self.file.stat().st_mode & 0o077:
            raise SecretsError(f"{self.file} can be read by others; run: chmod 600 {self.file}")
        try:
            content = json.loads(self.file.read_bytes())
            keys = {str(name): base64.b64decode(key, validate=True) for name, key in content["keys"].items()}
            current = str(content["current"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # The content of the file is no part of the message.
            raise SecretsError(
                f"{self.file} is no key file ({type(error).__name__}); restore it from its backup."
            ) from None
        if current not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise SecretsError(f"{self.file} is no key file (keys incomplete); restore it from its backup.")
        self._keys, self._current = keys, current

    def _add_key(self) -> None:
        self._current = f"k{secrets.token_hex(6)}"
        self._keys = {**self._keys, self._current: AESGCM.generate_key(256)}
        self._save()

    def _save(self) -> None:
        content = {
            "current": self._current,
            "keys": {name: base64.b64encode(key).decode() for name, key in self._keys.items()},
        }
        partial = self.file.with_name(self.file.name + ".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(content, out)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(self.file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.file.with_name(self.file.name + ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _seal(key: bytes, content: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, context.encode())


def _unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        raise SecretsError("A stored secret was changed or belongs to another place; enter it again.") from None


def _parts(stored: str) -> tuple[str, bytes, bytes]:
    parts = stored.split(".")
    if len(parts) != 4 or parts[0] != VERSION:
        raise SecretsError("This is no stored secret; enter it again.")
    try:
        return parts[1], _decode(parts[2]), _decode(parts[3])
    except (binascii.Error, ValueError):
        raise SecretsError("This is no stored secret; enter it again.") from None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)
