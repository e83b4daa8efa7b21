"""Which metrics may stand with which data type, section type, format and component.

Source: Code of Practice, sections 3.3.2 (data types), 3.3.4 (metrics) and 11.4 (formats).
"""

from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.values import Issues


class MetricRules:
    """Judges the combination of attributes and metrics of one group; answers are remembered."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.release = plan.release
        self._section_shown = "Section_Type" in plan.elements()
        self._format_shown = "Format" in plan.elements()
        self._databases = self.release.listed("database_data_types")
        self._title_types = self.release.listed("title_metric_data_types")
        self._platform = self.release.words["platform_data_type"]
        self._platform_metric = self.release.words["platform_metric"]
        self._memory: dict[tuple[object, ...], tuple[bool, Issues]] = {}

    def judge(
        self, attributes: dict[str, str], metrics: tuple[str, ...], *, component: bool, sections_valid: bool = True
    ) -> tuple[bool, Issues]:
        """(usable, issues) for metrics that stand together.

        `component`: the metrics are those of a component. `sections_valid`: False when a Section_Type or Format was
        given but is not permitted; then it does not count as missing.
        """
        key = (
            attributes.get("Data_Type"),
            attributes.get("Section_Type"),
            attributes.get("Format"),
            metrics,
            component,
            sections_valid,
        )
        known = self._memory.get(key)
        if known is None:
            issues: Issues = []
            usable = self._judge(attributes, metrics, component, sections_valid, issues)
            known = self._memory[key] = (usable, issues)
            if len(self._memory) > 20_000:
                self._memory.clear()
        return known

    def _judge(
        self, attributes: dict[str, str], metrics: tuple[str, ...], component: bool, sections_valid: bool, out: Issues
    ) -> bool:
        if component:
            return self._component(metrics, out)
        usable = True
        if self.plan.components:
            usable &= self._with_components(metrics, out)
        data_type = attributes.get("Data_Type")
        if data_type is not None:
            if self._judges_searches():
                usable &= self._searches(data_type, metrics, out)
            usable &= self._titles(data_type, metrics, out)
        if not self.release.nested:
            self._section_fits(attributes, out)
            usable &= self._sections(attributes, metrics, sections_valid, out)
            usable &= self._formats(attributes, metrics, sections_valid, out)
        return usable

    def _component(self, metrics: tuple[str, ...], out: Issues) -> bool:
        unique = [metric for metric in metrics if "Unique_Item_" in metric]
        out.extend(Issue("component-unique", metric) for metric in unique)
        return not unique

    def _with_components(self, metrics: tuple[str, ...], out: Issues) -> bool:
        usable = True
        for metric in metrics:
            if metric.startswith("Unique_Item_"):
                continue
            kind = "Totel_Item" if metric.startswith("Total_Item_") else "Access Denied"
            code = "item-with-components" if self.release.nested else "item-with-components-5"
            out.append(Issue(code, metric, {"kind": kind}))
            usable = False
        return usable

    def _judges_searches(self) -> bool:
        return not self.release.nested or self.plan.report.kind in ("Platform", "Database")

    def _searches(self, data_type: str, metrics: tuple[str, ...], out: Issues) -> bool:
        usable = True
        words = {"data_type": self._platform, "metric": self._platform_metric}
        if data_type != self._platform:
            if self._platform_metric in metrics:
                out.append(Issue("platform-metric", data_type, words))
                usable = False
        elif metrics and metrics != (self._platform_metric,):
            out.append(Issue("platform-data-type", data_type, words))
            # release 5 lets providers put all platform usage there, so the counts stay usable
            usable = not self.release.nested
        if data_type not in self._databases:
            listed = ("one of " if len(self._databases) > 1 else "") + _quoted(self._databases)
            for metric in self.release.listed("database_only_metrics"):
                if metric in metrics:
                    out.append(Issue("database-metric", data_type, {"types": listed, "metric": metric}))
                    usable = False
        elif self.release.nested and any(metric.endswith(("_Investigations", "_Requests")) for metric in metrics):
            out.append(Issue("database-usage", data_type))
            usable = False
        return usable

    def _titles(self, data_type: str, metrics: tuple[str, ...], out: Issues) -> bool:
        if data_type in self._title_types:
            return True
        wrong = [metric for metric in metrics if metric.startswith("Unique_Title_")]
        types = ("s " if len(self._title_types) > 1 else " ") + _quoted(self._title_types)
        out.extend(Issue("title-metric-data-type", data_type, {"metric": metric, "types": types}) for metric in wrong)
        return not wrong

    def _section_fits(self, attributes: dict[str, str], out: Issues) -> None:
        section, data_type = attributes.get("Section_Type"), attributes.get("Data_Type")
        if section is None or data_type is None:
            return
        fitting = self.release.words["section_types_for"].get(section)
        excluded = self.release.words["section_types_not_for"].get(section, ())
        if (fitting is not None and data_type not in fitting) or data_type in excluded:
            out.append(Issue("section-mismatch", f"{data_type}/{section}"))

    def _sections(
        self, attributes: dict[str, str], metrics: tuple[str, ...], sections_valid: bool, out: Issues
    ) -> bool:
        if not self._section_shown:
            return True
        given = "Section_Type" in attributes or not sections_valid
        usable = True
        for metric in metrics:
            if metric.startswith("Unique_Title_"):
                if given:
                    must = "is not permitted" if self.plan.values.layout == "json" else "must be empty"
                    out.append(Issue("section-given", metric, {"must": must}))
                    usable = False
            elif not given:
                kind = "Total/Unique_Item" if "_Item_" in metric else "Access Denied"
                out.append(Issue("section-missing", metric, {"kind": kind}))
                usable = False
        return usable

    def _formats(self, attributes: dict[str, str], metrics: tuple[str, ...], sections_valid: bool, out: Issues) -> bool:
        if not self._format_shown:
            return True
        given = "Format" in attributes or not sections_valid
        usable = True
        for metric in metrics:
            if metric == "Total_Item_Requests":
                if not given:
                    out.append(Issue("format-missing", metric))
                    usable = False
            elif given:
                json = self.plan.values.layout == "json"
                must = "is only permitted for Metric_Type" if json else "must be empty for other Metric_Types than"
                out.append(Issue("format-given", metric, {"must": must}))
                usable = False
        return usable


def _quoted(words: tuple[str, ...]) -> str:
    return "'" + "', '".join(words) + "'"
