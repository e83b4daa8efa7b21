"""Which characters the bytes mean: the declared character set first, then what the bytes themselves show.

Senders declare one set and use another, sometimes within one file, so each component is decided by itself.
Character sets: ISO 9735 code list 0001.
"""

import re
from collections.abc import Callable
from functools import lru_cache

CODECS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
    "KECA": "euc_kr",
}

Report = Callable[[str, dict[str, object]], None]
"""Takes a flag's code and values."""

_CONTROL = re.compile(rb"[\x80-\x9f]")
_WESTERN = frozenset({"UNOA", "UNOB", "UNOC", ""})


def decode(data: bytes, charset: str, report: Report) -> str:
    """The text of one component. Never raises: what no table explains is read as Latin-1, byte for byte."""
    if data.isascii():
        return data.decode("ascii")
    text, used = _decode(data, charset)
    if used != CODECS.get(charset):
        report("CHARSET_MISDECLARED", {"declared": charset or "nothing", "used": used, "text": text[:80]})
    repaired = repair_mojibake(text)
    if repaired != text:
        report("MOJIBAKE_REPAIRED", {"text": repaired[:80], "written": text[:80]})
    return repaired


def _decode(data: bytes, charset: str) -> tuple[str, str]:
    declared = CODECS.get(charset, "")
    if declared != "euc_kr" and (declared in ("", "ascii", "utf-8", "iso8859-1") or _CONTROL.search(data)):
        try:
            return data.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    if declared not in ("", "ascii", "utf-8") and not (declared == "iso8859-1" and _CONTROL.search(data)):
        try:
            return data.decode(declared), declared
        except UnicodeDecodeError:
            pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("iso8859-1"), "iso8859-1"
    return text, "cp1252" if _CONTROL.search(data) else "iso8859-1"


def _western_byte(character: str) -> int | None:
    """The byte that Windows-1252, or Latin-1 where that has a gap, gives the character; `None` when it has none."""
    try:
        return character.encode("cp1252")[0]
    except UnicodeEncodeError:
        return ord(character) if ord(character) < 0x100 else None


def _continuations() -> str:
    return "".join(
        re.escape(character)
        for byte in range(0x80, 0xC0)
        for character in {chr(byte), bytes([byte]).decode("cp1252", "ignore")}
        if character
    )


@lru_cache(maxsize=1)
def _mojibake() -> re.Pattern[str]:
    """UTF-8 read as Windows-1252 and encoded once more: `Ã¼` for `ü`, `â€™` for `’`.

    A closing quotation mark after a capital (`SPÖ»`, `SPÖ“`) is honest text, so beside the very common lead bytes
    C2, C3 and E2 and runs of Cyrillic ones (D0, D1) only pairs without such marks count.
    """
    tail = _continuations()
    honest = "\xbb\xab‘’‚“”„‹›…–—"
    plain = "".join(
        re.escape(character)
        for byte in range(0x80, 0xC0)
        for character in {chr(byte), bytes([byte]).decode("cp1252", "ignore")}
        if character and character not in honest
    )
    return re.compile(
        f"(?:(?:[\xd0\xd1][{tail}]){{2,}}|[\xc2\xc3][{tail}]|\xe2[{tail}]{{2}}|[\xc4-\xdf][{plain}]|[\xe0-\xef][{plain}]{{2}})+"
    )


def repair_mojibake(text: str) -> str:
    """The text with each twice encoded stretch decoded once more (at most twice); other text is left as it is."""
    for _ in range(2):
        repaired = _mojibake().sub(_decode_again, text)
        if repaired == text:
            break
        text = repaired
    return text


def _decode_again(hit: re.Match[str]) -> str:
    values = [_western_byte(character) for character in hit.group()]
    try:
        return bytes(value for value in values if value is not None).decode("utf-8")
    except UnicodeDecodeError:
        return hit.group()
