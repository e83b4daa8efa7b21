"""Text keys that sort the same on every PostgreSQL (collation C): folded, unaccented, without a leading article."""

from __future__ import annotations

import re
import unicodedata

#: Leading articles of the languages that libraries here catalog most; a title of one word keeps it.
_ARTICLES = re.compile(
    r"^(?:the|a|an|der|die|das|ein|eine|le|la|les|un|une|el|los|las|il|lo|gli|de|het)\s+(?=\S)|^l['’](?=\S)"
)
_SPECIAL = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th"})


def sort_key(text: str) -> str:
    """The key under which a text is sorted and searched."""
    folded = text.casefold().translate(_SPECIAL)
    plain = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    words = re.sub(r"[^\w’']+", " ", plain).strip()
    return _ARTICLES.sub("", words, count=1)
