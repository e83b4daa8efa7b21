"""Text for an outgoing interchange: what its character set can hold, and the nearest reading of everything else.

Cyrillic follows ISO 9:1995, Greek ISO 843:1997 (both without their diacritics where the set has none).
"""

import unicodedata
from collections.abc import Mapping

from .charset import CODECS

_CYRILLIC = dict(zip(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяґєіїўјљњћђџѕќѓ",
    ["a", "b", "v", "g", "d", "e", "ë", "ž", "z", "i", "j", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h", "c", "č", "š", "ŝ", "ʺ", "y", "ʹ", "è", "û", "â", "g̀", "ê", "ì", "ï", "ŭ", "ǰ", "l̂", "n̂", "ć", "đ", "d̂", "ẑ", "ḱ", "ǵ"],
    strict=True,
))  # fmt: skip
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "a",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "th",
            "i",
            "k",
            "l",
            "m",
            "n",
            "x",
            "o",
            "p",
            "r",
            "s",
            "s",
            "t",
            "y",
            "f",
            "ch",
            "ps",
            "o",
        ],
        strict=True,
    )
)
_SPECIAL = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "ng",
    "Ŋ": "NG", "ĸ": "k", "ŧ": "t", "Ŧ": "T", "ʺ": '"', "ʹ": "'", "‘": "'", "’": "'", "‚": ",", "‛": "'", "“": '"',
    "”": '"', "„": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-",
    "…": "...", "•": "*", "·": ".", "×": "x", "÷": "/", "€": "EUR", "£": "GBP", "¥": "JPY", "¢": "c", "©": "(c)",
    "®": "(R)", "™": "(TM)", "°": " deg", "№": "No", "¿": "", "¡": "", "¬": "-", "¦": "|", "§": "par.", "±": "+/-",
    "µ": "u", "ʻ": "'", "ʼ": "'", "ʿ": "'", "ʾ": "'", "\u00ad": "", "\u200b": "", "\ufeff": "", "\u2028": " ",
    "\u2029": " ",
}  # fmt: skip


class Repertoire:
    """Encodes text for one character set.

    `replacements` of the profile come before the general ones. Raises `ValueError` for an unknown character set.
    """

    def __init__(self, charset: str, replacements: Mapping[str, str] | None = None) -> None:
        if charset not in CODECS:
            raise ValueError(f"The character set {charset} is not known; take one of {', '.join(CODECS)}.")
        self.charset = charset
        self._codec = CODECS[charset]
        self._replacements = dict(replacements or {})

    def encode(self, text: str) -> tuple[bytes, str, str]:
        """The bytes, the text that they hold, and the characters for which there was nothing (written as `?`).

        Line breaks and other control characters become blanks.
        """
        text = unicodedata.normalize("NFC", text)
        if any(character < " " or "\x7f" <= character <= "\x9f" for character in text):
            text = "".join(" " if c < " " or "\x7f" <= c <= "\x9f" else c for c in text.replace("\r\n", "\n"))
        try:
            return text.encode(self._codec), text, ""
        except UnicodeEncodeError:
            pass
        lost: list[str] = []
        held = "".join(self._held(character, lost) for character in text)
        return held.encode(self._codec), held, "".join(dict.fromkeys(lost))

    def _fits(self, text: str) -> bool:
        try:
            text.encode(self._codec)
        except UnicodeEncodeError:
            return False
        return True

    def _held(self, character: str, lost: list[str]) -> str:
        if self._fits(character):
            return character
        for replacement in self._candidates(character):
            plain = self._plain(replacement)
            if plain is not None:
                return plain
        lost.append(character)
        return "?"

    def _candidates(self, character: str) -> list[str]:
        found: list[str] = []
        if character in self._replacements:
            found.append(self._replacements[character])
        if character in _SPECIAL:
            found.append(_SPECIAL[character])
        lower = character.lower()
        for table in (_CYRILLIC, _GREEK):
            if lower in table:
                found.append(table[lower] if character == lower else table[lower].capitalize())
        base = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        if base and base != character:
            found.append("".join(self._candidates(c)[0] if len(c) == 1 and not self._fits(c) and
                                 self._known(c) else c for c in base))  # fmt: skip
        return found

    def _known(self, character: str) -> bool:
        lower = character.lower()
        return character in _SPECIAL or lower in _CYRILLIC or lower in _GREEK

    def _plain(self, replacement: str) -> str | None:
        """The replacement as far as the set holds it: whole, else without diacritics, else `None`."""
        if self._fits(replacement):
            return replacement
        parts: list[str] = []
        for character in unicodedata.normalize("NFC", replacement):
            if self._fits(character):
                parts.append(character)
                continue
            base = _SPECIAL.get(character) or "".join(
                c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)
            )
            if unicodedata.combining(character):
                continue
            if not base or not self._fits(base):
                return None
            parts.append(base)
        return "".join(parts)
