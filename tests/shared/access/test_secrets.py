"""Secrets at rest: sealed to their place, readable over a rotation, in no repr."""

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from quire_shared.access.secrets import Keyring, SecretsError
from quire_shared.observe import logs

PLACE = "endpoint/1/password"
CANARY = "s3cret-canary"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys" / "secrets.json")


def test_comes_back_in_its_place_also_after_a_restart(keyring: Keyring) -> None:
    stored = keyring.encrypt(SecretStr(CANARY), PLACE)
    assert CANARY not in stored
    assert keyring.encrypt(SecretStr(CANARY), PLACE) != stored
    assert Keyring(keyring.file).decrypt(stored, PLACE).get_secret_value() == CANARY
    for text in ("", "ß€🔑", "x" * 5000):
        assert keyring.decrypt(keyring.encrypt(SecretStr(text), PLACE), PLACE).get_secret_value() == text


def test_does_not_open_elsewhere_or_changed(keyring: Keyring) -> None:
    stored = keyring.encrypt(SecretStr(CANARY), PLACE)
    with pytest.raises(SecretsError, match="belongs to another place"):
        keyring.decrypt(stored, "endpoint/2/password")
    other = keyring.encrypt(SecretStr("other"), PLACE)
    head, tail = stored.rsplit(".", 1)[0], other.rsplit(".", 1)[1]
    for changed in (f"{head}.{tail}", stored[:-6] + "AAAA==", f"{head}."):
        with pytest.raises(SecretsError):
            keyring.decrypt(changed, PLACE)
    for nothing in ("", "plain", "q1.k.%%%.x", "q2.a.b.c"):
        with pytest.raises(SecretsError, match="no stored secret"):
            keyring.decrypt(nothing, PLACE)


def test_rotation_keeps_old_secrets_until_they_are_rewrapped(keyring: Keyring) -> None:
    other_process = Keyring(keyring.file)
    stored, old = keyring.encrypt(SecretStr(CANARY), PLACE), keyring.current
    new = keyring.rotate()
    assert new != old
    assert not keyring.is_current(stored)
    assert keyring.decrypt(stored, PLACE).get_secret_value() == CANARY
    renewed = keyring.rewrap(stored, PLACE)
    assert keyring.is_current(renewed)
    assert renewed.rsplit(".", 1)[1] == stored.rsplit(".", 1)[1]
    assert other_process.decrypt(renewed, PLACE).get_secret_value() == CANARY
    with pytest.raises(SecretsError, match="rotate first"):
        keyring.retire(new)
    keyring.retire(old)
    assert keyring.decrypt(renewed, PLACE).get_secret_value() == CANARY
    with pytest.raises(SecretsError, match=f"needs key {old}.*backup"):
        keyring.decrypt(stored, PLACE)


def test_is_for_the_owner_only(keyring: Keyring) -> None:
    assert stat.S_IMODE(keyring.file.stat().st_mode) == 0o600
    keyring.file.chmod(0o640)
    with pytest.raises(SecretsError, match="chmod 600"):
        Keyring(keyring.file)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"current":"a","keys":{}}', '{"current":"a","keys":{"a":"c2hvcnQ="}}', "[]"]
)
def test_a_damaged_key_file_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secrets.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        out.write(content)
    with pytest.raises(SecretsError, match="no key file"):
        Keyring(file)


def test_shows_up_in_no_repr_and_no_log(keyring: Keyring) -> None:
    stored = keyring.encrypt(SecretStr(CANARY), PLACE)
    keys = keyring.file.read_text().split('"keys": ')[1]
    shown = repr(keyring) + str(keyring) + repr(keyring.decrypt(stored, PLACE))
    assert CANARY not in shown
    assert not any(part in shown for part in keys.split('"') if len(part) > 40)
    assert logs.redact(f"login with {CANARY} failed") == "login with [hidden] failed"
