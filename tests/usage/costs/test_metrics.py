"""The default metric of each material agrees with the standard views of the Code of Practice."""

import json
from importlib.resources import files
from typing import Any

import pytest

from quire_usage.costs.metrics import Material, Release, check_metric, default_metric

VIEWS = {
    Material.JOURNALS: "TR_J1",
    Material.BOOKS: "TR_B1",
    Material.FULL_TEXT_DATABASE: "DR_D1",
    Material.MULTIMEDIA: "IR_M1",
    Material.PLATFORM: "PR_P1",
}


def view(release: Release, name: str) -> dict[str, Any]:
    file = {Release.R5: "release_5.json", Release.R51: "release_51.json"}[release]
    definitions = json.loads((files("quire_usage.counter.definitions") / file).read_text(encoding="utf-8"))

    def find(node: Any) -> dict[str, Any] | None:
        if isinstance(node, dict):
            if isinstance(node.get(name), dict) and "filters" in node[name]:
                found: dict[str, Any] = node[name]
                return found
            return next((hit for value in node.values() if (hit := find(value))), None)
        return None

    found = find(definitions)
    assert found is not None
    return found


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize(("material", "name"), VIEWS.items())
def test_the_metric_and_its_filters_stand_in_the_standard_view(material: Material, name: str, release: Release) -> None:
    choice, standard = default_metric(material, release), view(release, name)
    assert choice.report == standard["full_report"]
    allowed = standard["filters"]
    assert choice.metric in allowed["Metric_Type"]
    for attribute, values in choice.filters.items():
        assert allowed.get(attribute) is None or set(values) <= set(allowed[attribute]), attribute


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("material", Material)
def test_mining_and_turnaways_are_never_in_the_denominator(material: Material, release: Release) -> None:
    choice = default_metric(material, release)
    check_metric(material, choice.metric)
    assert choice.filters["Access_Method"] == ("Regular",)
    for metric in ("No_License", "Limit_Exceeded"):
        with pytest.raises(ValueError, match="not use"):
            check_metric(material, metric)


def test_titles_count_controlled_content_only() -> None:
    for material in (Material.JOURNALS, Material.BOOKS):
        assert default_metric(material, Release.R51).filters["Access_Type"] == ("Controlled",)


def test_an_abstract_database_has_no_requests() -> None:
    assert default_metric(Material.ABSTRACT_DATABASE, Release.R51).metric == "Total_Item_Investigations"
    with pytest.raises(ValueError, match="abstract database"):
        check_metric(Material.ABSTRACT_DATABASE, "Unique_Item_Requests")
    check_metric(Material.ABSTRACT_DATABASE, "Searches_Regular")
