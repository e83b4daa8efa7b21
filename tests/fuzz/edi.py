"""Damage EDI files at random and read them: never an exception, never more than linear time.

    python tests/fuzz/edi.py N [--seed S] [--seconds T]

Takes the corpus (`QUIRE_CORPORA`, default `../shared/corpora` beside the repository) and a few files made here. Each of
N rounds changes, removes, inserts, doubles or cuts bytes of one file, then reads it whole: messages, flags with their
sentences, documents by the chosen profile, reconciliation, words, JSON. Prints what was seen; the exit code is 1 when anything
raised (the engine has no handler that would hide it), or a truncated message was called complete.
"""

import argparse
import faulthandler
import os
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from quire_vendors.edi import documents, words
from quire_vendors.edi.profiles.choose import choose
from quire_vendors.edi.syntax import DEFAULT_LIMITS, Limits, Reading

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 12_000
"""Bytes of a seed; of larger files the head and a stretch from the middle are taken."""
SPECIAL = [b"'", b"+", b":", b"?", b"??", b"?'", b"''", b"\n", b"\r\n", b"\0", b"\xff", b"\xc3", b"UNA", b"UNB+", b"UNH+",
           b"UNT+", b"UNZ+", b"'UNH+1+INVOIC:D:96A:UN'", b"UNA:+.? '", b"UNA^<.? >", b"-", b".", b",", b"9" * 40,
           b"MOA+203:", b"'UNS+S'", b"ISA*", b" ", b"E9", b"NaN", b"Infinity"]  # fmt: skip
SMALL = Limits(chunk=1, segment=1000)
"""The smallest chunks, so that their bounds fall into the file: every second round."""
STUCK = 120
"""Seconds after which the run ends with a traceback of where it hangs."""
SECONDS_PER_MEGABYTE = 20.0
"""More than ten times what a healthy reading of damaged text takes on a slow machine: a guard against non-linear time."""
MADE = [
    b"UNA:+.? 'UNB+UNOC:3+1+2+260105:0930+1'UNH+1+INVOIC:D:96A:UN:EAN008'BGM+380+A1+9'CUX+2:EUR:4'LIN+1'QTY+47:2'"
    b"MOA+203:20.00'PRI+AAA:10.00'UNS+S'MOA+86:20.00'UNT+10+1'UNZ+1+1'",
    b"UNB+UNOC:3+1+2+260105:0930+2'UNH+1+ORDRSP:D:96A:UN:EAN008'BGM+231+R1+29'LIN+1+5'QTY+21:3'FTX+LIN++OP:8B'"
    b"UNS+S'UNT+7+1'UNZ+1+2'",
]


def seeds() -> list[bytes]:
    folder = Path(os.environ.get("QUIRE_CORPORA", "../shared/corpora"))
    folder = (folder if folder.is_absolute() else ROOT / folder) / "edi"
    found = [*MADE]
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.name in ("FACTS.jsonl", "INDEX.tsv"):
                continue
            data = path.read_bytes()
            if len(data) > LARGEST:
                middle = len(data) // 2
                data = data[: LARGEST // 2] + data[middle : middle + LARGEST // 2]
            found.append(data)
    else:
        print(f"No corpus in {folder}: only the files made here are damaged.", file=sys.stderr)
    return found


def damage(data: bytes, chance: random.Random) -> bytes:
    text = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(text) + 1)
        span = chance.choice((1, 1, 1, 2, 5, 40, 400))
        match chance.randrange(8):
            case 0:
                text[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del text[at : at + span]
            case 2:
                text[at:at] = chance.choice(SPECIAL)
            case 3:
                text[at:at] = text[at : at + span]
            case 4:
                text[at:at] = chance.choice(SPECIAL) * chance.choice((2, 50))
            case 5:
                other = chance.randrange(len(text) + 1)
                text[at : at + span] = text[other : other + span]
            case 6:
                text[at : at + 1] = chance.choice(SPECIAL)
            case _:
                del text[at:]
    return bytes(text)


def read(data: bytes, limits: Limits, seen: Counter[str]) -> None:
    reading = Reading(data, limits)
    for message in reading:
        seen["messages"] += 1
        document = documents.read(message, choose(message))
        if not words.text(document).strip() or document.as_json() is None:
            raise AssertionError("The document has no words.")
        codes = [flag.code for flag in (*message.flags, *document.flags)]
        if "MESSAGE_TRUNCATED" in codes and message.complete:
            raise AssertionError("A truncated message is called complete.")
        for flag in (*message.flags, *document.flags):
            seen[flag.code] += 1
            if not flag.text or not flag.advice or not str(flag.place):
                raise AssertionError(f"Flag {flag.code} has no words.")
        first = message.segments[0]
        if not 0 <= first.start <= message.segments[-1].end <= len(data):
            raise AssertionError("A byte range lies outside of the file.")
    for flag in reading.flags:
        seen[flag.code] += 1
        if not flag.text or not flag.advice:
            raise AssertionError(f"Flag {flag.code} has no words.")
    seen["messages of no file"] += not reading.interchanges


def run(rounds: int, seed: int, seconds: float | None = None) -> tuple[int, int, Counter[str]]:
    """Rounds done, failures, and what was seen."""
    chance = random.Random(seed)
    sources = seeds()
    seen: Counter[str] = Counter()
    failures = done = 0
    begin = time.monotonic()
    for number in range(rounds):
        if seconds is not None and number % 100 == 0 and time.monotonic() - begin > seconds:
            break
        if number % 100 == 0:
            faulthandler.dump_traceback_later(STUCK, exit=True)
        data = damage(chance.choice(sources), chance)
        started = time.process_time()
        try:
            read(data, SMALL if number % 2 else DEFAULT_LIMITS, seen)
        except Exception:  # noqa: BLE001  (what the fuzzer looks for; it is counted, shown and fails the run)
            failures += 1
            if failures <= 5:
                traceback.print_exc()
                print(f"round {number} of seed {seed}: {data[:600]!r}", file=sys.stderr)
        if time.process_time() - started > 1 + SECONDS_PER_MEGABYTE * len(data) / 1_000_000:
            failures += 1
            print(f"round {number} of seed {seed} was slow: {len(data)} bytes", file=sys.stderr)
        done += 1
    faulthandler.cancel_dump_traceback_later()
    return done, failures, seen


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("rounds", type=int, nargs="?", default=2000, metavar="N")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--seconds", type=float, help="stop after this time, whatever N says")
    options = arguments.parse_args()
    begin = time.monotonic()
    done, failures, seen = run(options.rounds, options.seed, options.seconds)
    taken = time.monotonic() - begin
    print(f"{done} damaged files, {seen['messages']} messages, {failures} failures, {taken:.0f} s, seed {options.seed}")
    print(", ".join(f"{name} {count}" for name, count in seen.most_common() if name.isupper()))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
