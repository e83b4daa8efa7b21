"""Verdicts as one self-contained HTML page: no script, no link, no picture, so that it can be mailed to a vendor.

Readable by screen readers (landmarks, captions, table headers; a level is always a word, never only a color), in
light and dark, and on paper.
"""

from collections.abc import Sequence
from html import escape

from quire_usage.counter.model import Finding, Level
from quire_usage.counter.reports.judged import Judged, printable
from quire_usage.counter.reports.style import STYLE

_SHOWN_PARTS = 100
"""Quarantined parts shown per file."""


def html_page(judged: Sequence[Judged]) -> str:
    """The whole page for one or more files."""
    title = (
        f"COUNTER report check: {judged[0].title}" if len(judged) == 1 else f"COUNTER report check: {len(judged)} files"
    )
    body = "".join(_file(entry, f"f{number}") for number, entry in enumerate(judged, start=1))
    overview = _overview(judged) if len(judged) > 1 else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{_text(title)}</h1></header>\n<main>{overview}{body}</main>\n"
        "<footer><p>Checked by Quire against the COUNTER Code of Practice. Levels are those of the official COUNTER "
        "validation tool. “Critical error” means that values could not be used or would fail an audit; “Error” means "
        "that a rule is broken but the value could be read; “Warning” and “Notice” are worth knowing.</p></footer>\n"
        "</body>\n</html>\n"
    )


def _text(value: str) -> str:
    return escape(printable(value))


def _badge(level: Level) -> str:
    return f'<span class="level {level.name.lower()}">{level.official}</span>'


def _overview(judged: Sequence[Judged]) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="#f{number}">{_text(entry.name)}</a></th><td>{_badge(entry.level)}</td>'
        f'<td>{_text(entry.title)}</td><td class="number">{entry.records:,}</td></tr>'
        for number, entry in enumerate(judged, start=1)
    )
    return (
        '<section aria-labelledby="overview"><h2 id="overview">All files</h2>'
        '<div class="scroll"><table><caption>Verdict of each file</caption><thead><tr><th scope="col">File</th>'
        '<th scope="col">Level</th><th scope="col">Report</th><th scope="col" class="number">Records</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _file(entry: Judged, anchor: str) -> str:
    facts = "".join(f"<dt>{_text(label)}</dt><dd>{_text(value)}</dd>" for label, value in entry.facts())
    parts = [
        f'<article id="{anchor}" aria-labelledby="{anchor}-verdict">',
        f'<section class="verdict {entry.level.name.lower()}"><h2 id="{anchor}-verdict">'
        f"{_badge(entry.level)} {_text(entry.name)}</h2><p>{_text(entry.meaning)}</p>",
        _counts(entry.official),
        "</section>",
        f'<section aria-labelledby="{anchor}-about"><h3 id="{anchor}-about">About the report</h3><dl>{facts}</dl></section>',
        _findings(entry.official, f"{anchor}-official", "Findings", "What breaks the COUNTER Code of Practice."),
        _findings(
            entry.ours,
            f"{anchor}-ours",
            "Further remarks by Quire",
            "Not part of the official validation."
            + (" They do not change the verdict." if entry.officially_judged else ""),
        ),
        _totals(entry, anchor),
        _parts(entry, anchor),
        "</article>",
    ]
    return "\n".join(part for part in parts if part)


def _counts(findings: list[Finding]) -> str:
    if not findings:
        return ""
    words = []
    for level in sorted({finding.level for finding in findings}, reverse=True):
        of_level = [finding for finding in findings if finding.level == level]
        places = sum(finding.count for finding in of_level)
        kinds = f"{len(of_level)} kind" + ("s" if len(of_level) > 1 else "")
        words.append(f"<li>{_badge(level)} {kinds}, {places:,} place" + ("s" if places > 1 else "") + "</li>")
    return f'<ul class="counts">{"".join(words)}</ul>'


def _findings(findings: list[Finding], anchor: str, heading: str, intro: str) -> str:
    if not findings:
        return ""
    listed = "".join(_finding(finding) for finding in findings)
    return (
        f'<section aria-labelledby="{anchor}"><h3 id="{anchor}">{heading}</h3><p>{intro}</p>'
        f'<ol class="findings">{listed}</ol></section>'
    )


def _finding(finding: Finding) -> str:
    times = f" <span class='times'>{finding.count:,} times</span>" if finding.count > 1 else ""
    parts = [f"<h4>{_badge(finding.level)} {_text(finding.summary)}{times}</h4>"]
    if finding.message != finding.summary:
        parts.append(f"<p>{_text(finding.message)}</p>")
    if finding.advice:
        parts.append(f'<p class="advice"><strong>What to do:</strong> {_text(finding.advice)}</p>')
    examples = finding.examples
    if len(examples) == finding.count == 1:
        value = f" <code>{_text(examples[0].value)}</code>" if examples[0].value else ""
        if examples[0].place or value:
            parts.append(f"<p><strong>Where:</strong> {_text(examples[0].place) or 'whole file'}{value}</p>")
    elif any(example.place or example.value for example in examples):
        rows = "".join(
            f"<tr><td>{_text(example.place) or 'whole file'}</td><td><code>{_text(example.value)}</code></td></tr>"
            for example in examples
        )
        more = finding.count - len(examples)
        further = f"<p>… and {more:,} more.</p>" if more > 0 else ""
        parts.append(
            '<div class="scroll"><table><caption>Where</caption><thead><tr><th scope="col">Place</th>'
            f'<th scope="col">Value</th></tr></thead><tbody>{rows}</tbody></table></div>{further}'
        )
    return f'<li class="{finding.level.name.lower()}">{"".join(parts)}</li>'


def _totals(entry: Judged, anchor: str) -> str:
    if not entry.totals:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{_text(metric)}</th><td class="number">{total:,}</td></tr>'
        for metric, total in sorted(entry.totals.items())
    )
    return (
        f'<section aria-labelledby="{anchor}-totals"><h3 id="{anchor}-totals">Totals</h3><div class="scroll">'
        "<table><caption>Sum per metric of everything that could be read</caption><thead><tr>"
        '<th scope="col">Metric</th><th scope="col" class="number">Sum</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _parts(entry: Judged, anchor: str) -> str:
    if not entry.quarantined:
        return ""
    rows = "".join(
        f"<tr><td>{_text(part.place)}</td><td>{_text(part.reason)}</td><td><code>{_text(part.raw[:300])}</code></td></tr>"
        for part in entry.quarantined[:_SHOWN_PARTS]
    )
    more = len(entry.quarantined) - _SHOWN_PARTS
    further = f"<p>… and {more:,} more.</p>" if more > 0 else ""
    return (
        f'<section aria-labelledby="{anchor}-parts"><h3 id="{anchor}-parts">Parts that were not counted</h3>'
        '<div class="scroll"><table><caption>Rows and cells put aside, with the reason</caption><thead><tr>'
        '<th scope="col">Place</th><th scope="col">Reason</th><th scope="col">Content</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{further}</section>"
    )
