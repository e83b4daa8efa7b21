"""Speed and memory of the COUNTER engine on a TR of 50,000 titles × 12 months (249,600 rows), release 5.1.

    python tests/perf/bench_counter.py            writes build/bench/counter.json and prints a table
    python tests/perf/bench_counter.py --profile tsv|json|xlsx   prints where the time goes

The report is made here and breaks no rule. Each figure is the best of some fresh processes, so that one reader's memory
is not counted for another. The bare readers only walk over the same file: the csv module's rows, ijson's items,
calamine's rows. Ours yields every record, runs every check and gives the verdict. celus-nigiri reads the records of
the same rows under a release 5 header, since its table reader knows no 5.1.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench" / "counter.json"
JOURNALS, BOOKS = 25_200, 24_800
"""4 rows for a journal, 6 for a book: 249,600 rows for 50,000 titles."""
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
HEADINGS = [
    f"{name}-2024" for name in ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
]
COLUMNS = [
    "Title", "Publisher", "Publisher_ID", "Platform", "DOI", "Proprietary_ID", "ISBN", "Print_ISSN", "Online_ISSN", "URI",
    "Data_Type", "YOP", "Access_Type", "Access_Method", "Metric_Type", "Reporting_Period_Total",
]  # fmt: skip
METRICS = ("Total_Item_Investigations", "Total_Item_Requests", "Unique_Item_Investigations", "Unique_Item_Requests")
TITLE_METRICS = ("Unique_Title_Investigations", "Unique_Title_Requests")
INSTITUTION, PLATFORM = "Bench University", "Bench Platform"
CREATED, REGISTRY = (
    "2025-01-15T09:00:00Z",
    "https://registry.countermetrics.org/platform/99999999-9999-9999-9999-999999999999",
)


def isbn(number: int) -> str:
    """A correctly hyphenated ISBN-13: registrants of seven digits, 978-0-9500000-n-c onwards."""
    body = f"9780{9_500_000 + number // 10}{number % 10}"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10
    return f"978-0-{body[4:11]}-{body[11]}-{check}"


def titles() -> Iterator[tuple[dict[str, str], dict[str, list[int]]]]:
    """(cells, metric → counts per month) of every title; every relation between metrics holds."""
    for number in range(JOURNALS + BOOKS):
        book = number >= JOURNALS
        cells = {
            "Title": f"{'Handbook' if book else 'Journal'} of Benchmarks and Measurements, No. {number}",
            "Publisher": f"Publisher {number % 40}",
            "Publisher_ID": "ISNI:4321432143214321",
            "Platform": PLATFORM,
            "DOI": f"10.9999/bench.{number:06d}",
            "Proprietary_ID": f"BENCH:{number:06d}",
            "ISBN": isbn(number - JOURNALS) if book else "",
            "Print_ISSN": "" if book else f"{number // 1000 + 1000}-{number % 1000:03d}X",
            "Online_ISSN": "" if book else f"{number // 1000 + 2000}-{number % 1000:03d}5",
            "URI": f"https://bench.example.org/titles/{number}",
            "Data_Type": "Book" if book else "Journal",
            "YOP": str(1990 + number % 35),
            "Access_Type": "Open" if number % 7 == 0 else "Controlled",
            "Access_Method": "Regular",
        }
        used = [(number * (month + 3) * 7919) % 97 for month in range(12)]
        if not any(used):
            used[number % 12] = 1
        series = {
            "Total_Item_Investigations": [n * 4 for n in used],
            "Total_Item_Requests": [n * 3 for n in used],
            "Unique_Item_Investigations": [n * 3 for n in used],
            "Unique_Item_Requests": [n * 2 for n in used],
        }
        if book:
            series["Unique_Title_Investigations"] = [n * 2 for n in used]
            series["Unique_Title_Requests"] = list(used)
        yield cells, series


def header_rows() -> list[list[str]]:
    return [
        ["Report_Name", "Title Report"], ["Report_ID", "TR"], ["Release", "5.1"], ["Institution_Name", INSTITUTION],
        ["Institution_ID", "ISNI:1234123412341234"], ["Metric_Types", "; ".join((*METRICS, *TITLE_METRICS))],
        ["Report_Filters", ""], ["Report_Attributes", "Attributes_To_Show=YOP|Access_Type|Access_Method"],
        ["Exceptions", ""], ["Reporting_Period", "Begin_Date=2024-01-01; End_Date=2024-12-31"], ["Created", CREATED],
        ["Created_By", PLATFORM], ["Registry_Record", REGISTRY], [], [*COLUMNS, *HEADINGS],
    ]  # fmt: skip


def rows() -> Iterator[list[str | int]]:
    yield from header_rows()  # type: ignore[misc]
    for cells, series in titles():
        front = [cells[name] for name in COLUMNS[:14]]
        for metric, counts in series.items():
            yield [*front, metric, sum(counts), *counts]


def make_tsv(path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows())


def make_tsv5(path: Path) -> None:
    """The same rows under a release 5 header: celus-nigiri's table reader knows no 5.1."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        for number, row in enumerate(rows(), start=1):
            if number != 13:
                writer.writerow(["Release", "5"] if number == 3 else row)


def make_xlsx(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("TR")
    for row in rows():
        sheet.append(row)
    book.save(path)


def make_json(path: Path) -> None:
    header = {
        "Report_Name": "Title Report", "Report_ID": "TR", "Release": "5.1", "Institution_Name": INSTITUTION,
        "Institution_ID": {"ISNI": ["1234123412341234"]},
        "Report_Filters": {
            "Metric_Type": [*METRICS, *TITLE_METRICS], "Begin_Date": "2024-01-01", "End_Date": "2024-12-31",
        },
        "Report_Attributes": {"Attributes_To_Show": ["YOP", "Access_Type", "Access_Method"]},
        "Created": CREATED, "Created_By": PLATFORM, "Registry_Record": REGISTRY,
    }  # fmt: skip
    with path.open("w", encoding="utf-8") as file:
        file.write('{"Report_Header": ' + json.dumps(header) + ', "Report_Items": [')
        for number, (cells, series) in enumerate(titles()):
            names = {"DOI": "DOI", "Proprietary_ID": "Proprietary", "ISBN": "ISBN", "Print_ISSN": "Print_ISSN",
                     "Online_ISSN": "Online_ISSN", "URI": "URI"}  # fmt: skip
            performance = {
                metric: {month: count for month, count in zip(MONTHS, counts, strict=True) if count}
                for metric, counts in series.items()
            }
            item = {
                "Title": cells["Title"],
                "Item_ID": {kind: cells[column] for column, kind in names.items() if cells[column]},
                "Publisher": cells["Publisher"],
                "Publisher_ID": {"ISNI": ["4321432143214321"]},
                "Platform": cells["Platform"],
                "Attribute_Performance": [
                    {name: cells[name] for name in ("Data_Type", "YOP", "Access_Type", "Access_Method")}
                    | {"Performance": performance}
                ],
            }
            file.write((", " if number else "") + json.dumps(item))
        file.write("]}")


MAKERS = {"tsv": make_tsv, "json": make_json, "xlsx": make_xlsx, "tsv5": make_tsv5}


def bare_csv(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(len(row) for row in csv.reader(file, delimiter="\t"))


def bare_ijson(path: Path) -> int:
    import ijson

    with path.open("rb") as file:
        return sum(len(item) for item in ijson.items(file, "Report_Items.item"))


def bare_calamine(path: Path) -> int:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    return sum(len(row) for row in sheet.iter_rows())


def nigiri(path: Path) -> int:
    from celus_nigiri.counter5 import Counter5TableReport

    return sum(1 for _ in Counter5TableReport().file_to_records(str(path)))


def ours(path: Path) -> int:
    from quire_usage.counter.model import Level
    from quire_usage.counter.reading import open_report
    from quire_usage.counter.validation import validate

    with open_report(path) as reading:
        verdict = validate(reading)
    if verdict.level > Level.NOTICE:
        raise SystemExit(f"the made report is not clean: {[finding.message for finding in verdict.findings]}")
    return verdict.records


RUNS: dict[str, tuple[Callable[[Path], int], str]] = {
    "tsv_s": (ours, "tsv"),
    "csv_bare_s": (bare_csv, "tsv"),
    "json_s": (ours, "json"),
    "ijson_bare_s": (bare_ijson, "json"),
    "xlsx_s": (ours, "xlsx"),
    "calamine_bare_s": (bare_calamine, "xlsx"),
    "nigiri_tsv_s": (nigiri, "tsv5"),
}


def run_here(name: str, folder: Path) -> None:
    """One run in this process: prints seconds and peak memory."""
    function, kind = RUNS[name]
    start = time.perf_counter()
    result = function(folder / f"tr.{kind}")
    seconds = time.perf_counter() - start
    memory = psutil.Process().memory_info()
    peak = getattr(memory, "peak_wset", 0) or _peak()
    print(json.dumps({"s": seconds, "mb": peak / 1e6, "result": result}))


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(name: str, folder: Path, times: int) -> tuple[float, float]:
    best, peak = float("inf"), 0.0
    for _ in range(times):
        command = [sys.executable, __file__, "--run", name, "--folder", str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        best, peak = min(best, found["s"]), max(peak, found["mb"])
    return best, peak


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--profile", choices=("json", "tsv", "xlsx"))
    arguments = parser.parse_args()
    if arguments.run:
        run_here(arguments.run, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.folder or Path(made)
        for kind, make in MAKERS.items():
            path = folder / f"tr.{kind}"
            if not path.exists() and arguments.profile in (None, kind):
                make(path)
        if arguments.profile:
            import cProfile

            cProfile.runctx(
                "ours(path)", {"ours": ours, "path": folder / f"tr.{arguments.profile}"}, {}, sort="tottime"
            )
            return
        report(folder)


def report(folder: Path) -> None:
    figures: dict[str, float] = {}
    peaks: dict[str, float] = {}
    for name in RUNS:
        seconds, peak = measure(name, folder, 1 if name == "nigiri_tsv_s" else 3)
        figures[name], peaks[name] = round(seconds, 3), round(peak, 1)
    figures["peak_mb"] = max(peaks[name] for name in ("tsv_s", "json_s", "xlsx_s"))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    pairs = (("tsv_s", "csv_bare_s"), ("json_s", "ijson_bare_s"), ("xlsx_s", "calamine_bare_s"))
    for mine, bare in pairs:
        print(
            f"{mine[:-2]:5} read and all checks {figures[mine]:6.2f} s, {peaks[mine]:6.1f} MB;  {bare[:-2]} "
            f"{figures[bare]:6.2f} s, {peaks[bare]:6.1f} MB;  ratio {figures[mine] / figures[bare]:.2f}"
        )
    print(
        f"celus-nigiri TSV {figures['nigiri_tsv_s']:.1f} s: ours is {figures['nigiri_tsv_s'] / figures['tsv_s']:.0f} × as fast"
    )
    print(f"peak of ours {figures['peak_mb']:.0f} MB; written to {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
