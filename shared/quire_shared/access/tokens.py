"""Access tokens: short-lived JWTs signed by desk with EdDSA (RFC 8037), checked offline by every service with the JWKS.

A token carries an id, scopes and units, never a name.
"""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quire_shared.access.principal import Principal
from quire_shared.api.problems import Unauthenticated

ISSUER = "quire.desk"
LIFETIME = 300
LEEWAY = 5


class Signer:
    """Desk's signing keys: the newest signs, all of them verify until they are removed from the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._files():
            self.rotate()
        self._load()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("token-*.pem"))

    def _load(self) -> None:
        newest = self._files()[-1]
        self.kid = newest.stem
        key = serialization.load_pem_private_key(newest.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{newest} is no Ed25519 key")
        self._key = key

    def rotate(self) -> None:
        """Make a new signing key and publish the public halves of all keys in ``jwks.json``."""
        key = Ed25519PrivateKey.generate()
        # The newest name must sort last, also within one second.
        seconds, rest = divmod(time.time_ns(), 10**9)
        moment = time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))
        name = f"token-{moment}{rest:09d}-{uuid.uuid4().hex[:6]}"
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(self.folder / f"{name}.pem", pem, 0o600)
        _write(self.folder / "jwks.json", json.dumps(self.jwks()).encode(), 0o644)
        self._load()

    def retire(self, kid: str) -> None:
        """Delete an older key: tokens signed with it are refused from now on. `ValueError` for the signing key."""
        if kid == self.kid:
            raise ValueError(f"{kid} signs; rotate first")
        (self.folder / f"{kid}.pem").unlink()
        _write(self.folder / "jwks.json", json.dumps(self.jwks()).encode(), 0o644)

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517 §5)."""
        keys = []
        for file in self._files():
            private = serialization.load_pem_private_key(file.read_bytes(), None)
            public = private.public_key()
            if isinstance(public, Ed25519PublicKey):
                raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
                keys.append(
                    {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": file.stem, "x": _b64(raw)}
                )
        return {"keys": keys}

    def sign(self, who: Principal, lifetime: int = LIFETIME) -> str:
        """A token for this principal, ``lifetime`` seconds long."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": who.id,
            "kind": who.kind,
            "scope": " ".join(sorted(who.scopes)),
            "units": None if who.units is None else sorted(str(u) for u in who.units),
            "iat": now,
            "exp": now + lifetime,
        }
        return jwt.encode(claims, self._key, "EdDSA", {"kid": self.kid})


def verifier(jwks_file: Path) -> Callable[[str], Principal]:
    """A function from token to principal; reads the key file again when it has changed, so that a retired key ends."""
    keys: dict[str, Any] = {}
    seen: tuple[int, int] | None = None

    def load() -> None:
        nonlocal seen
        try:
            stat = jwks_file.stat()
        except FileNotFoundError:
            return
        if seen != (stat.st_mtime_ns, stat.st_ino):
            seen = (stat.st_mtime_ns, stat.st_ino)
            published = json.loads(jwks_file.read_bytes())["keys"]
            keys.clear()
            keys.update({k["kid"]: jwt.PyJWK(k).key for k in published})

    def verify(token: str) -> Principal:
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            load()
            if kid not in keys:
                raise Unauthenticated("This token was signed with a key that is not known here. Sign in again.")
            claims = jwt.decode(
                token, keys[kid], ["EdDSA"], issuer=ISSUER, leeway=LEEWAY, options={"require": ["exp", "sub"]}
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("Your session's token has expired. Sign in again.") from None
        except jwt.PyJWTError:
            raise Unauthenticated("This is no valid access token. Sign in again.") from None
        units = claims.get("units")
        return Principal(
            claims["sub"],
            frozenset(claims.get("scope", "").split()),
            None if units is None else frozenset(uuid.UUID(u) for u in units),
            claims.get("kind", "person"),
        )

    return verify


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _write(path: Path, content: bytes, mode: int) -> None:
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    partial.replace(path)
