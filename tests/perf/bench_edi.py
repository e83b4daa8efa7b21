"""Speed and memory of the EDI engine on a 10 MB invoice file, against pydifact in the same run.

    python tests/perf/bench_edi.py            writes build/bench/edi.json and prints a table
    python tests/perf/bench_edi.py --profile  prints where the time of the full reading goes

The file is made here: 517 INVOIC messages, about 426,000 segments. Each figure comes from a fresh process, so that one
reader's memory is not counted for another; time is processor time, so that other work on the machine counts less.
`pydifact` is its bare `Parser`, the fastest that it has; `read` is the whole way to the reconciled document.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench" / "edi.json"
MESSAGES = 517
LINES = 48
MEGABYTE = 1_000_000
PYDIFACT_ROUNDS = 2
"""Its fastest of two runs counts; each takes a while."""


def invoice_file(messages: int = MESSAGES) -> bytes:
    """An interchange of invoices as a bookseller sends them: 17 segments a line, prices that add up."""
    parts = ["UNA:+.? '", "UNB+UNOC:3+5013546025078:14+5013546121974:14+260105:0930+4711++INVOIC'"]
    for number in range(1, messages + 1):
        body = [
            f"UNH+{number}+INVOIC:D:96A:UN:EAN008'",
            f"BGM+380+INV{number:06d}+9'",
            "DTM+137:20260105:102'",
            f"RFF+DQ:D{number:06d}'",
            "NAD+BY+5013546121974::9'",
            "NAD+SU+5013546025078::9'",
            "CUX+2:GBP:4'",
        ]
        total = 0
        for line in range(1, LINES + 1):
            net, quantity = 999 + line * 37 + number % 11, 1 + line % 3
            amount = net * quantity
            total += amount
            code = f"{9780000000000 + number * 1000 + line}"
            title = (
                "The reader?'s companion to the other Victorian novel"
                if line % 12 == 0
                else "Acquisitions for the working library: budgets, vendors and the long end of the fiscal year"
            )
            body += [
                f"LIN+{line}++{code}:EN'",
                f"PIA+5+{code[3:]}:IB+X-{code[4:]}:SA'",
                f"IMD+L+010+:::Meyer, A. {line}'",
                f"IMD+L+050+:::{title}'",
                "IMD+L+110+:::Quay Press at the Old Harbour'",
                "IMD+L+170+:::2025'",
                f"QTY+47:{quantity}'",
                "GIR+001+MAIN:LLO+MONO:LFN'",
                f"MOA+203:{amount / 100:.2f}'",
                f"PRI+AAA:{net / 100:.2f}'",
                f"PRI+AAB:{net / 80:.2f}'",
                f"RFF+LI:{number}/{line}'",
                f"RFF+ON:PO{number}'",
                "TAX+7+VAT+++:::0+Z'",
                "MOA+124:0'",
                "ALC+A++++DI::28'",
                "PCD+3:20'",
            ]
        body += [
            "UNS+S'",
            f"CNT+2:{LINES}'",
            f"MOA+9:{total / 100:.2f}'",
        ]
        parts += [*body, f"UNT+{len(body) + 1}+{number}'"]
    parts.append(f"UNZ+{messages}+4711'")
    return "".join(parts).encode("ascii")


def tokenize(path: Path) -> int:
    from quire_vendors.edi.syntax import tokenize as tokens

    return sum(1 for _ in tokens(path))


def read(path: Path) -> int:
    from quire_vendors.edi import documents
    from quire_vendors.edi.documents.model import Invoice
    from quire_vendors.edi.profiles.choose import choose
    from quire_vendors.edi.syntax import Reading

    count = 0
    for message in Reading(path):
        document = documents.read(message, choose(message))
        if not isinstance(document, Invoice) or len(document.lines) != LINES or document.reconciliation is None:
            raise SystemExit(f"Message {message.index} was not read as the invoice that it is.")
        if document.reconciliation.status != "explained":
            raise SystemExit(f"Message {message.index}: {document.reconciliation.reason}")
        count += len(message.segments)
    return count


def pydifact(path: Path) -> int:
    from pydifact.parser import Parser

    return sum(1 for _ in Parser().parse(path.read_text(encoding="latin-1")))


READERS: dict[str, Callable[[Path], int]] = {"tokenize": tokenize, "read": read, "pydifact": pydifact}


def peak_memory() -> float:
    """Peak resident memory of this process in MB. Linux counts it per program image, so the parent's is not in it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / MEGABYTE
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE


def measure(name: str, path: Path) -> None:
    """Child process: run one reader once on the file and print the figures."""
    with tempfile.NamedTemporaryFile(suffix=".edi") as small:
        small.write(invoice_file(1))
        small.flush()
        READERS[name](Path(small.name))
    begin = time.process_time()
    segments = READERS[name](path)
    seconds = time.process_time() - begin
    print(json.dumps({"seconds": seconds, "segments": segments, "peak_mb": peak_memory()}))


def run(name: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", name, str(path)], check=True, stdout=subprocess.PIPE, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def profile(path: Path) -> None:
    import cProfile
    import pstats

    profiler = cProfile.Profile()
    profiler.enable()
    read(path)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--measure", nargs=2, metavar=("READER", "FILE"))
    arguments.add_argument("--profile", action="store_true")
    arguments.add_argument("--rounds", type=int, default=3, help="runs of our readers; the fastest counts")
    options = arguments.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    data = invoice_file(60 if options.profile else MESSAGES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "invoices.edi"
        path.write_bytes(data)
        if options.profile:
            profile(path)
            return
        best: dict[str, dict[str, float]] = {}
        for turn in range(options.rounds):
            for name in READERS:
                if name == "pydifact" and turn >= PYDIFACT_ROUNDS:
                    continue
                figures = run(name, path)
                if name not in best or figures["seconds"] < best[name]["seconds"]:
                    best[name] = figures | {"peak_mb": max(figures["peak_mb"], best.get(name, figures)["peak_mb"])}
    size = len(data) / MEGABYTE
    rate = {name: size / figures["seconds"] for name, figures in best.items()}
    result = {
        "tokenize_mb_s": round(rate["tokenize"], 2),
        "read_mb_s": round(rate["read"], 2),
        "pydifact_mb_s": round(rate["pydifact"], 3),
        "peak_mb": round(max(best["tokenize"]["peak_mb"], best["read"]["peak_mb"]), 1),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result) + "\n")
    print(f"{size:.2f} MB, {MESSAGES} messages, {best['tokenize']['segments']:.0f} segments")
    print(f"{'reader':10}{'MB/s':>8}{'× pydifact':>12}{'peak MB':>10}")
    for name, figures in best.items():
        print(f"{name:10}{rate[name]:8.2f}{rate[name] / rate['pydifact']:12.1f}{figures['peak_mb']:10.1f}")


if __name__ == "__main__":
    main()
