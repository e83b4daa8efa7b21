"""What the header says the body must look like."""

from dataclasses import dataclass, field
from datetime import date

from quire_usage.counter.definitions import Element, Release, Report
from quire_usage.counter.model import TOTALS
from quire_usage.counter.months import months_between
from quire_usage.counter.validation.values import Values


@dataclass(slots=True)
class Plan:
    """The expectations for the body, from the definitions and the header's filters and attributes."""

    release: Release
    report: Report
    values: Values
    begin: date
    end: date
    metrics: tuple[str, ...]
    """Metric types that this report may have, in the standard's order."""
    attributes_to_show: tuple[str, ...]
    totals: bool
    """True: no monthly details (Granularity=Totals, Exclude_Monthly_Details=True)."""
    parents: bool
    """True: the header asks for parent details."""
    components: bool
    """True: the header asks for component details."""
    months: list[str] = field(init=False)
    """Months (`yyyy-mm`) that counts may belong to; with `totals` the first month of the period only."""

    def __post_init__(self) -> None:
        self.months = months_between(self.begin, self.end)
        if self.totals:
            self.months = self.months[:1]

    def month_key(self, month: str) -> str:
        """How a month is called in a record."""
        return TOTALS if self.totals else month

    def elements(self) -> dict[str, Element]:
        """Columns or JSON properties of an item, in order."""
        return self._wanted(self.release.item_elements(self.report, self.values.layout, self.attributes_to_show))

    def json_elements(self) -> dict[str, Element]:
        """JSON properties of an item, whatever the layout: they decide what makes two items the same."""
        return self._wanted(self.release.item_elements(self.report, "json", self.attributes_to_show))

    def _wanted(self, elements: dict[str, Element]) -> dict[str, Element]:
        if not self.report.offers_parents:
            return elements
        return {
            name: element
            for name, element in elements.items()
            if (self.parents or "Parent" not in name) and (self.components or "Component" not in name)
        }

    @property
    def has_title_metrics(self) -> bool:
        """True when title metrics are possible and therefore required of books."""
        if not self.report.is_full:
            return self.report.title_metrics
        types = self.values.permitted.get("Data_Type", ())
        return any(kind in types for kind in self.release.listed("title_metric_data_types")) and any(
            metric.startswith("Unique_Title_") for metric in self.metrics
        )
