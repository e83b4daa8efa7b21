"""Standard views computed from full reports are the views that the providers send.

A pair is a full report and a view of the same provider, institution and period; each is read in every format that
exists, so that a pair stands for up to 9 comparisons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from quire_usage.counter.model import Record
from quire_usage.counter.reading import open_report
from quire_usage.counter.views import NotDerivable, derive
from tests.conformance.counter.conftest import Table
from tests.conformance.counter.corpus import need_corpus

_COP51 = "Project-Counter+cop5@5.1__source___static__report__"
_PLANNED = "Project-Counter+cop5@planned__source___static__report__"
_COP50 = "Project-Counter+cop5@5.0.3__source___static__report__Sample-"
_FOLIO51 = "folio-org+mod-erm-usage-counter__mod-erm-usage-counter51__src__test__resources__sample-reports__"
_FOLIO50 = (
    "folio-org+mod-erm-usage-counter__mod-erm-usage-counter50__src__test__resources__reports__projectcounter-samples__"
)
_SERVER = "folio-org+mod-erm-usage__mod-erm-usage-server__src__test__resources__standardviews__"
_NIBBLER = "Big-Dig-Data+celus-nibbler__tests__data__counter__5__"
_WHOLE: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Full report and view, without the ending of their names."""

    view_id: str
    full: str
    view: str
    months: tuple[str, ...] = _WHOLE
    """Months of the full report, when the view covers more."""
    differs: dict[str, int] = field(default_factory=dict)
    """Metric → number of month counts that differ, where the provider's two files contradict each other."""
    why: str = ""


PAIRS = [
    Pair("TR_B1", _COP51 + "TR_sample_r51", _COP51 + "TRB1_sample_r51"),
    Pair("TR_J2", _COP51 + "TR_sample_r51", _COP51 + "TRJ2_sample_r51"),
    Pair("TR_J4", _COP51 + "TR_sample_r51", _COP51 + "TRJ4_sample_r51"),
    Pair("PR_P1", _COP51 + "PR_sample_r51", _COP51 + "PRP1_sample_r51"),
    Pair("TR_B1", _PLANNED + "TR_sample_r51", _PLANNED + "TRB1_sample_r51"),
    Pair("TR_J2", _PLANNED + "TR_sample_r51", _PLANNED + "TRJ2_sample_r51"),
    Pair("TR_J4", _PLANNED + "TR_sample_r51", _PLANNED + "TRJ4_sample_r51"),
    Pair("PR_P1", _PLANNED + "PR_sample_r51", _PLANNED + "PRP1_sample_r51"),
    Pair("IR_M1", _FOLIO51 + "IR_sample_r51", _COP51 + "IRM1_sample_r51"),
    Pair("DR_D1", _COP51 + "DR_sample_r51", _FOLIO51 + "DRD1_sample_r51"),
    Pair("DR_D2", _COP51 + "DR_sample_r51", _FOLIO51 + "DRD2_sample_r51"),
    Pair("TR_B2", _COP50 + "TR", _COP50 + "TR_B2"),
    Pair("TR_B3", _COP50 + "TR", _COP50 + "TR_B3"),
    Pair("TR_J2", _COP50 + "TR", _COP50 + "TR_J2"),
    Pair("TR_J3", _COP50 + "TR", _COP50 + "TR_J3"),
    Pair("DR_D2", _FOLIO50 + "Sample-DR", _COP50 + "DR_D2"),
    Pair("IR_A1", _NIBBLER + "IR-sample", _COP50 + "IR_A1"),
    Pair("IR_M1", _NIBBLER + "IR-sample", _COP50 + "IR_M1"),
    Pair("TR_J1", _SERVER + "karger_tr_2021-02", _SERVER + "tr_j1", months=("2021-02",)),
    Pair("TR_J1", _SERVER + "karger_tr_2021-03", _SERVER + "tr_j1", months=("2021-03",)),
    Pair("TR_B1", _SERVER + "karger_tr_2021-02", _SERVER + "tr_b1", months=("2021-02",)),
    Pair("TR_B1", _SERVER + "karger_tr_2021-03", _SERVER + "tr_b1", months=("2021-03",)),
    Pair(
        "TR_J1",
        _COP51 + "TR_sample_r51",
        _COP51 + "TRJ1_sample_r51",
        differs={"Total_Item_Requests": 12},
        why="the sample says 8,844 requests for Title 3 where its own TR and TR_J4 samples say 2 × 2,526 = 5,052",
    ),
    Pair(
        "DR_D2",
        _COP51 + "DR_sample_r51",
        _COP51 + "DRD2_sample_r51",
        differs={"Limit_Exceeded": 36, "No_License": 36},
        why="the sample's denials are other numbers than those of its own DR sample, for all three databases",
    ),
]


def _formats(root: Path, stem: str) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.name.rpartition(".")[0] == stem)


def _facts(records: Iterable[Record], months: tuple[str, ...]) -> Counter[tuple[object, ...]]:
    facts: Counter[tuple[object, ...]] = Counter()
    for record in records:
        parent = record.parent
        described = (
            record.name,
            record.publisher,
            record.platform,
            tuple(sorted(record.identifiers.items())),
            (parent.name, tuple(sorted(parent.identifiers.items()))) if parent is not None else None,
            tuple((author.name, author.identifier) for author in record.authors),
            record.data_type,
            record.yop,
            record.access_type,
        )
        for metric, counts in record.counts.items():
            for month, count in counts.items():
                if count and (not months or month in months):
                    facts[(*described, metric, month)] += count
    return facts


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.view_id}:{pair.view[-34:]}")
def test_a_derived_view_is_the_view_that_the_provider_sends(pair: Pair, table: Table) -> None:
    root = need_corpus() / "samples"
    fulls, views = _formats(root, pair.full), _formats(root, pair.view)
    assert fulls, f"no file {pair.full}.* in the corpus"
    assert views, f"no file {pair.view}.* in the corpus"
    sent = {}
    for path in views:
        with open_report(path) as reading:
            sent[path] = _facts(reading, pair.months)
    for full in fulls:
        with open_report(full) as reading:
            header, records = derive(pair.view_id, reading.header, reading)
            derived = _facts(records, pair.months)
        assert header.report_id == pair.view_id
        assert derived, "a view without usage proves nothing"
        for path, facts in sent.items():
            different = Counter(key[-2] for key in derived.keys() | facts.keys() if derived[key] != facts[key])
            assert dict(different) == pair.differs, f"{full.name} and {path.name}"
    words = f"differs: {pair.why}" if pair.differs else f"equal, {len(derived)} counts"
    table("views", f"{pair.view_id:<6} {len(fulls)} × {len(views)} files  {pair.view[-45:]}  {words}")


def test_the_sample_of_journal_requests_contradicts_its_own_sample_by_year_of_publication() -> None:
    """Why one pair differs: the two official samples disagree, so no derivation can give both."""
    root = need_corpus() / "samples"
    totals = {}
    for name in ("TRJ1", "TRJ4"):
        with open_report(root / f"{_COP51}{name}_sample_r51.tsv") as reading:
            counted: Counter[str] = Counter()
            for record in reading:
                counted.update(record.totals())
        totals[name] = counted
    assert totals["TRJ1"]["Unique_Item_Requests"] == totals["TRJ4"]["Unique_Item_Requests"] == 2 * 1896
    assert totals["TRJ1"]["Total_Item_Requests"] == 8844
    assert totals["TRJ4"]["Total_Item_Requests"] == 2 * 2526


def test_a_filtered_report_gives_no_view_that_would_be_incomplete() -> None:
    root = need_corpus() / "samples"
    with open_report(root / "techlib+celus__test-data__counter5__counter5_tr_test1.json") as reading:
        assert reading.header.report_filters["Data_Type"] == ("Book",)
        with pytest.raises(NotDerivable, match="also needs Journal"):
            derive("TR_J1", reading.header, reading)
