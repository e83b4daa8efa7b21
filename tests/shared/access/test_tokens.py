"""Access tokens: signed by desk, checked offline, ended by time or by retiring their key."""

import json
import stat
import uuid
from pathlib import Path

import jwt
import pytest

from quire_shared.access.principal import Principal
from quire_shared.access.tokens import Signer, verifier
from quire_shared.api.problems import Unauthenticated

UNIT = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")
WHO = Principal("p-1", frozenset({"orders:read", "funds:write"}), frozenset({UNIT}))


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "keys")


def test_carries_id_scopes_and_units_and_nothing_else(signer: Signer) -> None:
    token = signer.sign(WHO)
    assert verifier(signer.folder / "jwks.json")(token) == WHO
    everywhere = Principal("p-2", frozenset({"*:*"}), None, "system")
    assert verifier(signer.folder / "jwks.json")(signer.sign(everywhere)) == everywhere
    assert jwt.get_unverified_header(token)["alg"] == "EdDSA"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "sub", "kind", "scope", "units", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == 300


def test_the_key_set_holds_no_private_half(signer: Signer) -> None:
    [key] = json.loads((signer.folder / "jwks.json").read_text())["keys"]
    assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    [private] = signer.folder.glob("*.pem")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert not list(signer.folder.glob("*.partial"))


def test_refused_in_words_when_expired_forged_or_foreign(signer: Signer, tmp_path: Path) -> None:
    verify = verifier(signer.folder / "jwks.json")
    with pytest.raises(Unauthenticated, match="expired"):
        verify(signer.sign(WHO, lifetime=-60))
    head, body, signature = signer.sign(WHO).split(".")
    with pytest.raises(Unauthenticated):
        verify(f"{head}.{body}.{signature[:-4]}AAAA")
    with pytest.raises(Unauthenticated, match="not known"):
        verify(Signer(tmp_path / "stranger").sign(WHO))
    unsigned = jwt.encode({"sub": "p-1", "iss": "quire.desk", "exp": 9999999999}, "", "none", {"kid": signer.kid})
    symmetric = jwt.encode(
        {"sub": "p-1", "iss": "quire.desk", "exp": 9999999999}, "k" * 32, "HS256", {"kid": signer.kid}
    )
    endless = jwt.encode({"sub": "p-1", "iss": "quire.desk"}, signer._key, "EdDSA", {"kid": signer.kid})
    foreign = jwt.encode({"sub": "p", "iss": "other", "exp": 9999999999}, signer._key, "EdDSA", {"kid": signer.kid})
    for token in ("", "a.b.c", unsigned, symmetric, endless, foreign):
        with pytest.raises(Unauthenticated):
            verify(token)


def test_rotation_keeps_tokens_until_their_key_is_retired(signer: Signer) -> None:
    verify = verifier(signer.folder / "jwks.json")
    old_kid, old_token = signer.kid, signer.sign(WHO)
    assert verify(old_token) == WHO
    for _ in range(5):
        before = signer.kid
        signer.rotate()
        assert signer.kid > before
    assert Signer(signer.folder).kid == signer.kid
    assert verify(signer.sign(WHO)) == WHO
    assert verify(old_token) == WHO
    with pytest.raises(ValueError, match="rotate first"):
        signer.retire(signer.kid)
    signer.retire(old_kid)
    with pytest.raises(Unauthenticated, match="not known"):
        verify(old_token)
