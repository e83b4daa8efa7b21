"""`quire usage`: check, read, compare and convert COUNTER reports. Needs no server."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from quire_shared.values import clock
from quire_usage.counter import progress
from quire_usage.counter.diff import Difference, NotComparable, compare
from quire_usage.counter.facts import flat_rows, write_csv, write_parquet
from quire_usage.counter.model import Header, Level, Record
from quire_usage.counter.reading import NotReadable, Reading, open_report
from quire_usage.counter.reading.mapped import Mapping
from quire_usage.counter.reports import Judged, html_page, plain_text, to_json, write_workbook
from quire_usage.counter.validation.verdict import validate as judge
from quire_usage.counter.views import NotDerivable, derive
from quire_usage.counter.writing import NotWritable, write

app = typer.Typer(
    help="Check, read, compare and convert COUNTER usage reports.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)

EXIT = {Level.PASSED: 0, Level.NOTICE: 0, Level.WARNING: 1, Level.ERROR: 3, Level.CRITICAL: 4, Level.FATAL: 5}
"""Exit code of `validate` by the worst level of all files; 2 is a wrong command line."""

FILES_HELP = "Reports: JSON, TSV, CSV, XLSX or XML, packed with gzip or not; - is standard input."


class Form(StrEnum):
    """Formats that reports can be written in."""

    json = "json"
    tsv = "tsv"
    csv = "csv"
    xlsx = "xlsx"


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=FILES_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write a page that can be sent to the vendor.")
    ] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="OUT", help="Write the findings as a spreadsheet.")] = None,
) -> None:
    """Judge reports like the official COUNTER validator.

    Exit code: 0 passed or notices, 1 warnings, 3 errors, 4 critical errors, 5 no usable report.
    """
    judged = [_judged(name) for name in files]
    if html is not None:
        _save(html, lambda file: file.write(html_page(judged).encode("utf-8")))
    if xlsx is not None:
        _save(xlsx, lambda file: write_workbook(judged, file))
    if as_json:
        _print_json([to_json(entry) for entry in judged])
    else:
        for entry in judged:
            typer.echo(plain_text(entry))
    raise typer.Exit(EXIT[max(entry.level for entry in judged)])


def _judged(name: str) -> Judged:
    now = clock.now()
    shown = "standard input" if name == "-" else Path(name).name
    try:
        with progress.opened(name) as source, open_report(source, shown) as reading:
            verdict = judge(reading)
    except NotReadable as refusal:
        return Judged(shown, Level.FATAL, now, refusal=str(refusal))
    except OSError as fault:
        raise _stop(f"{name} cannot be opened: {fault.strerror or fault}.") from fault
    judged = Judged(
        name=shown,
        level=verdict.level,
        checked_at=now,
        header=verdict.header,
        findings=verdict.findings,
        quarantined=verdict.quarantined,
        records=verdict.records,
        totals=verdict.totals,
    )
    if not judged.officially_judged:
        judged.level = verdict.our_level
    return judged


@app.command()
def read(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=FILES_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per record, one per line.")] = False,
    parquet: Annotated[Path | None, typer.Option(metavar="OUT", help="Write all counts to a Parquet file.")] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print all counts as CSV, one row per metric and month.")
    ] = False,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Mapping (JSON) for a table that is no COUNTER report.")
    ] = None,
) -> None:
    """Read reports and print what they contain; without an option, a summary."""
    if as_json + as_csv + (parquet is not None) > 1:
        raise typer.BadParameter("choose one of --json, --parquet and --csv")
    stored = _mapping(mapping) if mapping is not None else None
    if parquet is not None:
        count = write_parquet(
            (row for header, records in _each(files, stored) for row in flat_rows(header, records)), str(parquet)
        )
        typer.echo(f"{parquet}: {count:,} counts", err=True)
    elif as_csv:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        write_csv((row for header, records in _each(files, stored) for row in flat_rows(header, records)), sys.stdout)
    elif as_json:
        for header, records in _each(files, stored):
            about = {"report_id": header.report_id, "release": header.release, "institution": header.institution_name}
            for record in records:
                sys.stdout.buffer.write(orjson.dumps({**about, **asdict(record)}) + b"\n")
        sys.stdout.buffer.flush()
    else:
        for header, records in _each(files, stored):
            _summary(header, records)


def _mapping(path: Path) -> Mapping:
    try:
        return Mapping.from_dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as fault:
        raise _stop(f"The mapping {path} cannot be used: {fault}") from fault


def _each(files: list[str], mapping: Mapping | None = None) -> Iterator[tuple[Header, Iterator[Record]]]:
    """Opens one file after the other; what was put aside is said on standard error."""
    for name in files:
        with _opened(name, mapping) as reading:
            yield reading.header, iter(reading)
            _say_aside(name, reading)


@contextmanager
def _opened(name: str, mapping: Mapping | None = None) -> Iterator[Reading]:
    """An open report; what cannot be read ends the command with words."""
    shown = "standard input" if name == "-" else Path(name).name
    with ExitStack() as stack:
        try:
            source = stack.enter_context(progress.opened(name))
            reading = stack.enter_context(open_report(source, shown, mapping=mapping))
        except OSError as fault:
            raise _stop(f"{name} cannot be opened: {fault.strerror or fault}.") from fault
        except NotReadable as refusal:
            raise _stop(f"{name}: {refusal}") from refusal
        try:
            yield reading
        except NotReadable as refusal:
            raise _stop(f"{name}: {refusal}") from refusal


def _say_aside(name: str, reading: Reading) -> None:
    if aside := len(reading.quarantined):
        typer.echo(
            f"{name}: {aside:,} parts could not be used and were left out, first {reading.quarantined[0].place}: "
            f"{reading.quarantined[0].reason}. `quire usage validate` lists them.",
            err=True,
        )


def _summary(header: Header, records: Iterator[Record]) -> None:
    totals: dict[str, int] = {}
    count = 0
    for record in records:
        count += 1
        for metric, total in record.totals().items():
            totals[metric] = totals.get(metric, 0) + total
        for component in record.components:
            for metric, months in component.counts.items():
                totals[metric] = totals.get(metric, 0) + sum(months.values())
    kind = f"release {header.release}" if header.counter else "not COUNTER"
    typer.echo(f"{header.report_id or 'unnamed report'} ({kind}, {header.format}): {header.report_name}")
    typer.echo(f"  institution  {header.institution_name or '–'}")
    typer.echo(f"  period       {f'{header.begin} to {header.end}' if header.period else '–'}")
    typer.echo(f"  created      {header.created or '–'} {header.created_by}")
    for exception in header.exceptions:
        typer.echo(f"  exception    {exception.code}: {exception.message} {exception.data}".rstrip())
    typer.echo(f"  records      {count:,}")
    for metric, total in sorted(totals.items()):
        typer.echo(f"  {total:>15,}  {metric}")


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The report as it was loaded.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The report as the vendor gives it now.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    most: Annotated[int, typer.Option("--most", min=0, help="Print at most so many changed counts.")] = 30,
) -> None:
    """Show what a restated report changed. Exit code 0: nothing, 1: counts differ."""
    with _opened(old) as before, _opened(new) as after:
        try:
            result = compare(before.header, before, after.header, after)
        except NotComparable as refusal:
            raise _stop(str(refusal)) from refusal
        _say_aside(old, before)
        _say_aside(new, after)
    if as_json:
        _print_json(_difference(result))
    else:
        _print_difference(result, most)
    raise typer.Exit(1 if result.restated else 0)


def _difference(result: Difference) -> dict[str, Any]:
    return {
        "restated": result.restated,
        "report_id": result.new.report_id,
        "release": result.new.release,
        "old_created": result.old.created,
        "new_created": result.new.created,
        "months_added": result.months_added,
        "months_removed": result.months_removed,
        "items_added": result.items_added,
        "items_removed": result.items_removed,
        "remarks": result.remarks,
        "totals": [asdict(total) for total in result.totals],
        "changes": [asdict(change) for change in result.changes],
    }


def _print_difference(result: Difference, most: int) -> None:
    typer.echo(f"{result.new.report_id} (release {result.new.release}), {result.new.institution_name}")
    for remark in result.remarks:
        typer.echo(f"  note: {remark}")
    for label, months in (
        ("only in the new report", result.months_added),
        ("only in the old report", result.months_removed),
    ):
        if months:
            typer.echo(f"  {label}: {', '.join(months)}")
    if not result.restated:
        typer.echo("  No count of a common month differs.")
        return
    typer.echo(
        f"  {len(result.changes):,} counts differ; items added {result.items_added:,}, removed {result.items_removed:,}"
    )
    typer.echo(f"  {'month':<8} {'metric':<30} {'old':>14} {'new':>14} {'change':>14}")
    for total in result.totals:
        if total.old != total.new:
            typer.echo(
                f"  {total.month:<8} {total.metric:<30} {total.old:>14,} {total.new:>14,} {total.new - total.old:>+14,}"
            )
    for change in result.changes[:most]:
        attributes = ", ".join(change.attributes.values())
        typer.echo(f"  {change.month} {change.metric} {change.old:,} → {change.new:,}  {change.name} ({attributes})")
    if len(result.changes) > most:
        typer.echo(f"  … and {len(result.changes) - most:,} more; --json prints all.")


@app.command()
def convert(
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILES_HELP)],
    out: Annotated[str, typer.Argument(metavar="OUT", help="File to write; - is standard output.")],
    to: Annotated[Form | None, typer.Option("--to", help="Format; without it, the ending of OUT decides.")] = None,
    view: Annotated[str | None, typer.Option("--view", help="Derive this standard view of a full report.")] = None,
    customer_id: Annotated[
        str | None, typer.Option("--customer-id", help="Customer_ID for JSON of release 5, which tables do not state.")
    ] = None,
) -> None:
    """Write a report in another format of the same release, or a standard view of it."""
    form = to or next((known for known in Form if out.lower().endswith(f".{known.value}")), None)
    if form is None:
        raise typer.BadParameter("give --to, or an OUT that ends in .json, .tsv, .csv or .xlsx")
    if out != "-" and file != "-" and Path(out).exists() and Path(out).samefile(file):
        raise typer.BadParameter("FILE and OUT are the same file")
    with _opened(file) as reading:
        header: Header = reading.header
        if customer_id is not None:
            header = replace(header, customer_id=customer_id)
        records: Iterator[Record] = iter(reading)
        try:
            if view is not None:
                header, records = derive(view, header, records)
            if out == "-":
                write(header, records, form.value, sys.stdout.buffer)
            else:
                _save(Path(out), lambda target: write(header, records, form.value, target))
        except (NotWritable, NotDerivable) as refusal:
            raise _stop(str(refusal)) from refusal
        _say_aside(file, reading)


def _save(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Writes beside the target and renames, so that a failure leaves no half file."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            fill(file)
        partial.replace(path)
    except OSError as fault:
        raise _stop(f"{path} cannot be written: {fault.strerror or fault}.") from fault
    finally:
        partial.unlink(missing_ok=True)


def _print_json(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()


def _stop(words: str) -> typer.Exit:
    typer.echo(words, err=True)
    return typer.Exit(5)


if __name__ == "__main__":
    app()
