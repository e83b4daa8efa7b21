"""Which month of the plan a period or a month key belongs to."""

from datetime import date

from quire_usage.counter.months import last_day
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.values import Issues


class Months:
    """Answers are remembered: a report has a few periods, many times."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.number = {month: number for number, month in enumerate(plan.months)}
        self._begin, self._end = plan.begin.isoformat(), plan.end.isoformat()
        self._memory: dict[tuple[str, str], tuple[int | None, Issues]] = {}

    def of_period(self, begin: str, end: str) -> tuple[int | None, Issues]:
        """(number of the month or None, issues) for a period of release 5."""
        known = self._memory.get((begin, end))
        if known is None:
            issues: Issues = []
            number = self._totals(begin, end, issues) if self.plan.totals else self._month(begin, end, issues)
            known = (number, issues)
            if len(self._memory) < 10_000:
                self._memory[begin, end] = known
        return known

    def _month(self, begin: str, end: str, issues: Issues) -> int | None:
        for name, day in (("Begin_Date", begin), ("End_Date", end)):
            if not self._begin <= day <= self._end:
                issues.append(Issue("period-outside", day, {"property": name}))
        if issues:
            return None
        if begin > end:
            issues.append(Issue("period-backwards", f"{begin} to {end}"))
            return None
        if end != last_day(date.fromisoformat(begin)).isoformat():
            issues.append(Issue("period-invalid", f"{begin} to {end}"))
            return None
        return self.number[begin[:7]]

    def _totals(self, begin: str, end: str, issues: Issues) -> int | None:
        for name, day, right in (("Begin_Date", begin, self._begin), ("End_Date", end, self._end)):
            if day != right:
                expected = f"Without monthly details it must be {right}."
                issues.append(Issue("value-invalid-critical", day, {"property": name, "expected": expected}))
        return None if issues else 0
