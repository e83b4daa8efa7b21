"""`quire edi`: read, check and write EDI files and look after profiles, without any server.

Exit codes: 0 all is well, 1 something needs a person (an error flag), 2 the command was used wrongly, 3 a file or a
profile cannot be read at all.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from quire_shared.values import clock
from quire_vendors.edi import documents, words
from quire_vendors.edi.documents.library import Account
from quire_vendors.edi.documents.model import Claim, Document, Order, OrderChange
from quire_vendors.edi.documents.sending import interchange
from quire_vendors.edi.flags import Flag
from quire_vendors.edi.profiles import loader
from quire_vendors.edi.profiles.choose import choose
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Message, Reading

app = typer.Typer(help="Read, check and write EDI files; no server is needed.", no_args_is_help=True)
profile_app = typer.Typer(help="Show, test and start vendor profiles.", no_args_is_help=True)
app.add_typer(profile_app, name="profile")

OUTGOING: dict[str, type[Order | OrderChange | Claim]] = {
    "order": Order,
    "order_change": OrderChange,
    "claim": Claim,
}
NEEDS_A_PERSON = 1
UNREADABLE = 3
LONG = 1_000_000
"""Files larger than this many bytes show their progress on a terminal."""

Files = Annotated[list[Path], typer.Argument(help="EDI files.", exists=True, dir_okay=False, readable=True)]
ProfileOption = Annotated[
    str, typer.Option("--profile", "-p", help="Profile name or YAML file; default: by the sender.")
]


@app.command()
def read(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document per line.")] = False,
    as_words: Annotated[bool, typer.Option("--words", help="Sentences (the default).")] = False,
    profile: ProfileOption = "",
) -> None:
    """Read files and print each message as a document, in words or as JSON."""
    if as_json and as_words:
        _fail("Give either --json or --words, not both.", 2)
    chosen = _profile(profile) if profile else None
    bad = False
    for path in files:
        reading = Reading(path)
        found = False
        quirks: set[str] = set()
        for message, document in _documents(path, reading, chosen):
            found = True
            quirks.update(document.quirks)
            bad = bad or document.needs_review
            if as_json:
                typer.echo(json.dumps({"file": path.name, "message": message.index, **document.as_json()}))
            else:
                typer.echo(words.text(document) + "\n")
        bad = _file_flags(path, reading.flags, quirks, as_json) or bad or not found
    raise typer.Exit(NEEDS_A_PERSON if bad else 0)


@app.command()
def check(files: Files, profile: ProfileOption = "") -> None:
    """Say what is odd in files: one line per flag, then a count. Nothing is printed for the documents themselves."""
    chosen = _profile(profile) if profile else None
    bad = False
    for path in files:
        counts = {"error": 0, "warning": 0, "info": 0}
        reading = Reading(path)
        messages = 0
        quirks: set[str] = set()
        for message, document in _documents(path, reading, chosen):
            messages += 1
            quirks.update(document.quirks)
            for flag in document.flags:
                severity = document.severity(flag)
                counts[severity] += 1
                typer.echo(f"{path.name}: {severity} {flag.code}, {flag.place}: {flag.text} {flag.advice}")
            bad = bad or document.needs_review
            if not message.complete:
                typer.echo(f"{path.name}: the message {message.index} is cut off and must wait for the rest.")
        for flag in reading.flags:
            severity = _severity(flag, quirks)
            counts[severity] += 1
            typer.echo(f"{path.name}: {severity} {flag.code}, {flag.place}: {flag.text} {flag.advice}")
        bad = bad or counts["error"] > 0 or messages == 0
        typer.echo(
            f"{path.name}: {messages} messages, {counts['error']} errors, {counts['warning']} warnings, {counts['info']} notes."
        )
    raise typer.Exit(NEEDS_A_PERSON if bad else 0)


@app.command()
def write(
    source: Annotated[Path, typer.Argument(help="The document as JSON (one or a list), or - for standard input.")],
    profile: Annotated[str, typer.Option("--profile", "-p", help="Profile name or YAML file.")],
    account: Annotated[Path | None, typer.Option(help="The library's numbers with the vendor, as JSON.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: standard output.")
    ] = None,
    reference: Annotated[str, typer.Option(help="Interchange control reference.")] = "1",
    test: Annotated[bool, typer.Option("--test", help="Mark the interchange as a test.")] = False,
    prepared: Annotated[datetime | None, typer.Option(help="Date and time of preparation; default: now.")] = None,
    force: Annotated[bool, typer.Option(help="Write even when something must be corrected.")] = False,
) -> None:
    """Write an order, a change or a claim as the vendor wants it, and report what the vendor will not get."""
    chosen = _profile(profile)
    text = _source(source)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        _fail(f"{source}: this is not JSON: {error}.", UNREADABLE)
    written = [_outgoing(source, entry) for entry in (data if isinstance(data, list) else [data])]
    numbers = _account(account) if account else Account()
    drafts = [documents.write(document, chosen, numbers) for document in written]
    try:
        result = interchange(drafts, chosen, numbers, reference, prepared or clock.now().astimezone(), test)
    except ValueError as error:
        _fail(str(error), UNREADABLE)
    for flag in result.report:
        typer.echo(f"{flag.severity} {flag.code}: {flag.text} {flag.advice}", err=True)
    if result.refused and not force:
        _fail("Nothing was written: correct the errors first, or use --force.", NEEDS_A_PERSON)
    if output is not None:
        try:
            output.write_bytes(result.data)
        except OSError as error:
            _fail(f"{output}: the file cannot be written: {error.strerror}.", UNREADABLE)
    else:
        sys.stdout.buffer.write(result.data)
        sys.stdout.buffer.flush()


@profile_app.command()
def show(
    name: Annotated[str, typer.Argument(help="Profile name or YAML file; empty: list them all.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The whole profile as JSON.")] = False,
) -> None:
    """Show a profile with everything it inherits, or list the shipped ones."""
    if not name:
        for known in loader.names():
            entry = loader.shipped(known)
            typer.echo(f"{entry.profile:16} {entry.status:8} {entry.title}")
        return
    chosen = _profile(name)
    if as_json:
        typer.echo(chosen.model_dump_json(indent=2))
        return
    typer.echo(f"{chosen.title} ({chosen.profile}, version {chosen.version}, {chosen.status})")
    if chosen.notes:
        typer.echo(chosen.notes)
    if chosen.assumed:
        typer.echo(f"Assumed, not seen in a file: {', '.join(chosen.assumed)}.")
    for key, value in chosen.model_dump(mode="json").items():
        if isinstance(value, dict):
            for inner, content in value.items():
                typer.echo(f"  {key}.{inner}: {json.dumps(content, ensure_ascii=False)}")


@profile_app.command("test")
def try_profile(
    name: Annotated[str, typer.Argument(help="Profile name or YAML file.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files of that vendor.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Check a profile; with files: read them by it and say which totals it explains."""
    chosen = _profile(name)
    typer.echo(f"The profile {chosen.profile} is in order.")
    bad = False
    for path in files or []:
        reading = Reading(path)
        messages = 0
        for message, document in _documents(path, reading, chosen):
            messages += 1
            found = getattr(document, "reconciliation", None)
            told = f", total {found.status} ({found.candidate or found.reason})" if found is not None else ""
            known = "" if choose(message, [chosen]).profile == chosen.profile else ", not recognized by its sender"
            typer.echo(f"{path.name}, message {message.index}: {document.kind} {document.number}{told}{known}")
            bad = bad or document.needs_review
        bad = _file_flags(path, reading.flags, as_json=False, quirks=set(chosen.quirks)) or bad or not messages
    raise typer.Exit(NEEDS_A_PERSON if bad else 0)


TEMPLATE = """\
profile: {name}
version: 1
title: {name}
inherits: {base}
notes: What a colleague should know about this vendor.
# How its files are recognized: the interchange sender (UNB), its number in NAD+SU, or a word of its name.
identify:
  senders: []
  suppliers: []
  names: []
# Keys that nobody has seen in a real file yet. Remove a key when a file has shown it.
assumed: [identify, envelope, order, invoice]
# Which MOA is the payable total, and which sums normally explain it (quire edi profile test tells).
invoice:
  totals: ["86", "9"]
"""


@profile_app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the profile, also of the file: small letters, digits, hyphens.")],
    base: Annotated[str, typer.Option(help="The profile that it inherits from.")] = loader.BASE,
    folder: Annotated[Path, typer.Option(help="Where the file is made.", file_okay=False, exists=True)] = Path(),
) -> None:
    """Start a profile: writes NAME.yaml with the keys that a new vendor needs first."""
    path = folder / f"{name}.yaml"
    if path.exists():
        _fail(f"{path} exists already.", 2)
    text = TEMPLATE.format(name=name, base=base)
    try:
        loader.build(text, path.name)
    except loader.ProfileError as error:
        _fail(str(error), 2)
    path.write_text(text, "utf-8")
    typer.echo(f"Wrote {path}. Next: quire edi profile test {path} FILE…")


def _documents(path: Path, reading: Reading, profile: Profile | None) -> Iterator[tuple[Message, Document]]:
    """Messages as documents; long files show how far they are read, on a terminal."""
    size = path.stat().st_size
    shown = size > LONG and sys.stderr.isatty()
    with Progress(console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task(path.name, total=size)
        for message in reading:
            yield message, documents.read(message, profile or choose(message))
            progress.update(task, completed=message.end)


def _severity(flag: Flag, quirks: set[str]) -> str:
    """The severity of a flag of the file; what the profiles of its messages call normal is a note only."""
    return "info" if flag.code in quirks and flag.severity == "warning" else flag.severity


def _file_flags(path: Path, flags: list[Flag], quirks: set[str], as_json: bool) -> bool:
    """Prints the flags of the file itself; whether one of them is an error."""
    for flag in flags:
        typer.echo(f"{path.name}: {_severity(flag, quirks)} {flag.code}: {flag.text} {flag.advice}", err=as_json)
    return any(flag.severity == "error" for flag in flags)


def _profile(name: str) -> Profile:
    try:
        return loader.load(name)
    except loader.ProfileError as error:
        _fail(str(error), UNREADABLE)


def _source(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{path}: the file cannot be read as text: {_why(error)}.", UNREADABLE)


def _outgoing(source: Path, entry: object) -> Order | OrderChange | Claim:
    """One document of the file; without `kind` it is an order."""
    if not isinstance(entry, dict):
        _fail(f"{source}: a document is a JSON object {{…}}, or a list of them.", UNREADABLE)
    kind = entry.get("kind", "order")
    model = OUTGOING.get(kind) if isinstance(kind, str) else None
    if model is None:
        _fail(f"{source}: kind: {kind!r} cannot be sent; it is one of {', '.join(OUTGOING)}.", UNREADABLE)
    try:
        document = model.model_validate(entry)
    except ValidationError as error:
        _invalid(source, error)
    missing = [name for name in ("number", "lines") if not getattr(document, name)]
    if missing:
        _fail(f"{source}: {' and '.join(missing)}: missing or empty; the vendor needs it.", UNREADABLE)
    return document


def _account(path: Path) -> Account:
    try:
        return Account.model_validate_json(_source(path))
    except ValidationError as error:
        _invalid(path, error)


def _invalid(path: Path, error: ValidationError) -> NoReturn:
    for entry in error.errors():
        key = ".".join(map(str, entry["loc"]))
        typer.echo(f"{path}: {key + ': ' if key else ''}{entry['msg']}.", err=True)
    raise typer.Exit(UNREADABLE) from error


def _why(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8"


def _fail(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
