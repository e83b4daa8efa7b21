"""A report as rows of cells, for TSV and XLSX. Source: Code of Practice, section 3.2 (tabular formats)."""

import re
from collections.abc import Iterable, Iterator

from quire_usage.counter.model import Counts, Identifiers, Item, Record
from quire_usage.counter.writing.plan import (
    Plan,
    authors_text,
    exception_text,
    heading,
    identifiers_text,
    pairs_text,
)

Cell = str | int

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

IDENTIFIER_COLUMNS = {
    "DOI": "DOI",
    "Proprietary_ID": "Proprietary",
    "ISBN": "ISBN",
    "Print_ISSN": "Print_ISSN",
    "Online_ISSN": "Online_ISSN",
    "Linking_ISSN": "Linking_ISSN",
    "URI": "URI",
}
"""Column → identifier type."""


def rows(plan: Plan, records: Iterable[Record]) -> Iterator[list[Cell]]:
    """Header rows, the blank row, column headings, then the body. Rows without usage are left out (section 3.2)."""
    yield from _header(plan)
    yield []
    columns = plan.columns()
    yield [*columns, "Metric_Type", "Reporting_Period_Total", *map(heading, plan.months)]
    for record in records:
        plan.check(record.counts, record.place)
        own = [_clean(_cell(record, column, plan)) for column in columns]
        yield from _body(own, record.counts, plan)
        for component in record.components:
            plan.check(component.counts, record.place)
            described = [
                _clean(_described(component, column.removeprefix("Component_")))
                if column.startswith("Component_")
                else cell
                for column, cell in zip(columns, own, strict=True)
            ]
            yield from _body(described, component.counts, plan)


def _header(plan: Plan) -> Iterator[list[Cell]]:
    header = plan.header
    values = {
        "Report_Name": header.report_name,
        "Report_ID": header.report_id,
        "Release": header.release,
        "Institution_Name": header.institution_name,
        "Institution_ID": identifiers_text(header.institution_ids),
        "Metric_Types": "; ".join(header.metric_types),
        "Report_Filters": pairs_text(header.report_filters),
        "Report_Attributes": pairs_text(plan.attributes("tabular")),
        "Exceptions": "; ".join(map(exception_text, header.exceptions)),
        "Reporting_Period": f"Begin_Date={header.begin}; End_Date={header.end}",
        "Created": header.created,
        "Created_By": header.created_by,
        "Registry_Record": header.registry_record,
    }
    for element in sorted((e for e in plan.release.header if e.row is not None), key=lambda e: e.row or 0):
        yield [element.name, _clean(values[element.name])]


def _body(cells: list[str], counts: Counts, plan: Plan) -> Iterator[list[Cell]]:
    for metric in sorted(counts):
        months = counts[metric]
        total = sum(months.values())
        if total:
            yield [*cells, metric, total, *(months.get(month, 0) for month in plan.months)]


def _cell(record: Record, column: str, plan: Plan) -> str:
    if column == plan.name_element:
        return record.name
    if column.startswith("Parent_"):
        return _described(record.parent, column.removeprefix("Parent_"))
    if column.startswith("Component_"):
        return ""
    if column in IDENTIFIER_COLUMNS:
        return _identifier(record.identifiers, column)
    match column:
        case "Publisher":
            return record.publisher
        case "Publisher_ID":
            return identifiers_text(record.publisher_ids)
        case "Platform":
            return record.platform
        case "Authors":
            return authors_text(record.authors)
        case "Publication_Date":
            return record.publication_date
        case "Article_Version":
            return record.article_version
        case "Data_Type":
            return record.data_type
        case "Section_Type":
            return record.section_type
        case "YOP":
            return record.yop
        case "Access_Type":
            return record.access_type
        case "Access_Method":
            return record.access_method
        case "Format":
            return record.format
        case _:
            return record.extensions.get(column, "")


def _described(item: Item | None, column: str) -> str:
    """A cell of a parent or component."""
    if item is None:
        return ""
    if column in IDENTIFIER_COLUMNS:
        return _identifier(item.identifiers, column)
    return {
        "Title": item.name,
        "Authors": authors_text(item.authors),
        "Publication_Date": item.publication_date,
        "Article_Version": item.article_version,
        "Data_Type": item.data_type,
    }[column]


def _identifier(identifiers: Identifiers, column: str) -> str:
    """Tables have room for one value per type (section 3.2); the first is the one that JSON gives too."""
    return next(iter(identifiers.get(IDENTIFIER_COLUMNS[column], ())), "")


def _clean(text: str) -> str:
    """Line breaks, tabs and other control characters would break the table apart."""
    return _CONTROL.sub(" ", text)
