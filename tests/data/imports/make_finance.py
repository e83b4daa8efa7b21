"""Writes finance_export.csv: the export of an invented finance system, with everything that makes such files hard.

312 account strings, semicolons, Windows-1252, decimal commas, thousands dots, bracketed negatives, a preamble, subtotals
of three kinds and another department's accounts. Amount of division d, subject s, object o: 1000 d + 10 s + o + 0.25.
"""

from decimal import Decimal
from pathlib import Path

SUBJECTS = (
    "Geschichte",
    "Musik",
    "Mathematik",
    "Chemie",
    "Physik",
    "Medizin",
    "Recht",
    "Theologie",
    "Geographie",
    "Ökologie",
)
OBJECTS = (
    "Books",
    "Journals",
    "Databases",
    "E-books",
    "Scores",
    "Maps",
    "Media",
    "Binding",
    "Memberships",
    "Open access",
)


def written(amount: Decimal) -> str:
    text = f"{abs(amount):,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"({text})" if amount < 0 else text


def rows() -> list[list[str]]:
    lines = [["University finance office"], ["Budget by account;2026/27"], []]
    lines.append(["Account", "Description", "Approved budget", "Actual"])
    grand = Decimal(0)
    for division, name in ((1, "Main library"), (2, "Branch north"), (3, "Branch south")):
        of_division = Decimal(0)
        lines.append(["", name, "", ""])
        for subject, subject_name in enumerate(SUBJECTS, 1):
            of_subject = Decimal(0)
            for number, object_name in enumerate(OBJECTS, 1):
                amount = Decimal(1000 * division + 10 * subject + number) + Decimal("0.25")
                account = f"1000-LIB-{division}0-{subject:02}-{number:02}"
                lines.append([account, f"{subject_name}: {object_name}", written(amount), "0,00"])
                of_subject += amount
            if (division, subject) == (1, 1):
                cut = Decimal("-500.50")
                lines.append(["1000-LIB-10-01-01-CUT", "Mid-year cut", written(cut), "0,00"])
                of_subject += cut
            lines.append([f"Subtotal {division}0-{subject:02}", "", written(of_subject), ""])
            of_division += of_subject
        lines.append(["", f"Total {name}", written(of_division), ""])
        lines.append([])
        grand += of_division
    for number in (1, 2):
        lines.append([f"1000-PHY-10-01-0{number}", "Physics department", written(Decimal(5000)), "0,00"])
        grand += 5000
    lines.append(["GRAND TOTAL", "", written(grand), ""])
    return lines


def main() -> None:
    text = "\r\n".join(";".join(row) for row in rows()) + "\r\n"
    (Path(__file__).parent / "finance_export.csv").write_bytes(text.encode("cp1252"))


if __name__ == "__main__":
    main()
