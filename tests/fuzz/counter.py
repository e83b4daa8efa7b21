"""Changes bytes of real reports and reads them: nothing may raise but the refusal in words.

    python tests/fuzz/counter.py N [SEED]

Takes N changed files (default 2,000) made from the corpus (``QUIRE_CORPORA``) and a report of our own; prints the seed
and the file of a failure, so that it can be repeated. Exit code 1 when anything else than NotReadable was raised, or
when a file took longer than 20 seconds.
"""

import json
import os
import random
import sys
import time
import traceback
from pathlib import Path

from quire_usage.counter.reading import Limits, NotReadable, open_report
from quire_usage.counter.validation import validate

_REPOSITORY = Path(__file__).resolve().parents[2]
LARGEST = 300_000
SLOWEST = 20.0
TOKENS = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\t", b"\n", b"\r", b";", b"|", b"=", b"null", b"true", b"-1", b"1e999",
    b"\xff", b"\x00", b"\xef\xbb\xbf", b"</row>", b"<c ", b"&amp;", b"&#0;", b"9" * 30, b"Total", b"Metric_Type",
    b"\\ud800", b"Jan-2022", b"2022-13", b"5.1", b"<", b"PK",
)  # fmt: skip


def corpus_files() -> list[Path]:
    folder = Path(os.environ.get("QUIRE_CORPORA", "../shared/corpora"))
    samples = (folder if folder.is_absolute() else _REPOSITORY / folder) / "counter" / "samples"
    return sorted(path for path in samples.glob("*") if path.stat().st_size <= LARGEST) if samples.exists() else []


def own_report() -> bytes:
    header = {
        "Report_Name": "Title Report", "Report_ID": "TR", "Release": "5.1", "Institution_Name": "U",
        "Institution_ID": {"ISNI": ["1234123412341234"]}, "Created": "2024-03-01T00:00:00Z", "Created_By": "C",
        "Report_Filters": {"Begin_Date": "2024-01-01", "End_Date": "2024-02-29"}, "Registry_Record": "",
    }  # fmt: skip
    counts = {"Total_Item_Investigations": {"2024-01": 3}, "Unique_Item_Investigations": {"2024-01": 2}}
    item = {
        "Title": "T", "Item_ID": {"DOI": "10.9999/t"}, "Publisher": "P", "Platform": "X",
        "Attribute_Performance": [{"Data_Type": "Journal", "Performance": counts}],
    }  # fmt: skip
    return json.dumps({"Report_Header": header, "Report_Items": [item] * 5}).encode()


def changed(data: bytes, chance: random.Random) -> bytes:
    """One to eight changes: bytes flipped, cut out, doubled, swapped, or a token put in."""
    text = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if not text:
            break
        at = chance.randrange(len(text))
        kind = chance.randrange(6)
        if kind == 0:
            text[at] = chance.randrange(256)
        elif kind == 1:
            del text[at : at + chance.choice((1, 2, 10, 500))]
        elif kind == 2:
            text[at:at] = chance.choice(TOKENS)
        elif kind == 3:
            text[at:at] = text[at : at + chance.choice((1, 20, 400))]
        elif kind == 4:
            del text[at:]
        else:
            other = chance.randrange(len(text))
            text[at], text[other] = text[other], text[at]
    return bytes(text)


def main() -> int:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    sources = [(path.name, path.read_bytes()) for path in corpus_files()] or []
    sources.append(("own report", own_report()))
    limits = Limits(bytes=64 * 1024**2)
    refused = read = 0
    for step in range(number):
        name, data = chance.choice(sources)
        mutant = changed(data, chance)
        start = time.monotonic()
        try:
            with open_report(mutant, name, limits) as reading:
                validate(reading)
            read += 1
        except NotReadable:
            refused += 1
        except Exception:  # noqa: BLE001  whatever it is, it is the finding of this program
            print(f"step {step} of seed {seed}, made from {name}:")
            traceback.print_exc()
            return 1
        if time.monotonic() - start > SLOWEST:
            print(f"step {step} of seed {seed}, made from {name}: took {time.monotonic() - start:.0f} s")
            return 1
    print(f"{number} changed files: {read} read with a verdict, {refused} refused in words, nothing raised")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
