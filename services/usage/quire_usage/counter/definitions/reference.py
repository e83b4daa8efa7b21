"""Writes the reference of all checks: `python -m quire_usage.counter.definitions.reference > docs/reference/counter_checks.md`."""

from quire_usage.counter.definitions.checks import checks
from quire_usage.counter.model import Level

_WORDS = {
    Level.FATAL: "nothing can be judged beyond this",
    Level.CRITICAL: "a figure or a part cannot be trusted or used",
    Level.ERROR: "against the standard, but understood",
    Level.WARNING: "may fail an audit",
    Level.NOTICE: "for information",
}


def page() -> str:
    """The reference as Markdown, one table per level, worst first."""
    lines = [
        "# COUNTER checks",
        "",
        "Generated from `quire_usage/counter/definitions/checks.json`; do not edit.",
        "",
        "Code, official wording and level are those of the official COUNTER validator; words in braces are filled in.",
        "Checks marked *ours* are Quire's own: they never change the official verdict.",
    ]
    for level in sorted(_WORDS, reverse=True):
        rows = [check for check in checks().values() if check.level == level]
        lines += [
            "",
            f"## {level.official}: {_WORDS[level]}",
            "",
            "| code | official wording | what to do |",
            "|---|---|---|",
        ]
        for check in sorted(rows, key=lambda row: row.code):
            mark = " *ours*" if check.ours else ""
            lines.append(f"| `{check.code}`{mark} | {_cell(check.official)} | {_cell(check.advice)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").strip()


if __name__ == "__main__":
    print(page(), end="")
