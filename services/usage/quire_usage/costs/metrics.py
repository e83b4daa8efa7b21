"""What counts as a use: the default metric by material (research on COUNTER, section 4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Material(StrEnum):
    """Kinds of resources that are counted differently."""

    JOURNALS = "journals"
    BOOKS = "books"
    FULL_TEXT_DATABASE = "full_text_database"
    ABSTRACT_DATABASE = "abstract_database"
    MULTIMEDIA = "multimedia"
    PLATFORM = "platform"


class Release(StrEnum):
    """Releases of the Code of Practice that cost per use is computed from."""

    R5 = "5"
    R51 = "5.1"


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """The metric in the denominator, the report it comes from, and the filters on it.

    `beside` are metrics shown next to the cost per use but not divided by.
    """

    report: str
    metric: str
    filters: Mapping[str, tuple[str, ...]]
    reason: str
    beside: tuple[str, ...] = ()


# Turn-aways are demand, not use; searches by machines or other libraries' federations are not use either.
NEVER_A_USE = frozenset({"No_License", "Limit_Exceeded", "Searches_Automated", "Searches_Federated"})
_READING = {"Access_Type": ("Controlled",), "Access_Method": ("Regular",)}
_REGULAR = {"Access_Method": ("Regular",)}


def default_metric(material: Material, release: Release) -> MetricChoice:
    """The metric for a material in a release: controlled content read by people; text and data mining is left out."""
    newer = release is Release.R51
    types: tuple[str, ...]
    match material:
        case Material.JOURNALS:
            return _choice(
                "TR", "Unique_Item_Requests", {"Data_Type": ("Journal",), **_READING}, "one article read counts once"
            )
        case Material.BOOKS:
            types = ("Book", "Reference_Work") if newer else ("Book",)
            return _choice(
                "TR",
                "Unique_Title_Requests",
                {"Data_Type": types, **_READING},
                "whole books and chapters become comparable, also between releases 5 and 5.1",
                ("Total_Item_Requests",),
            )
        case Material.FULL_TEXT_DATABASE:
            types = ("Database_Full",) if newer else ("Database",)
            metric = "Unique_Item_Requests" if newer else "Total_Item_Requests"
            why = "items read" if newer else "items read; database reports of release 5 have no unique items"
            return _choice("DR", metric, {"Data_Type": types, **_REGULAR}, why, ("Searches_Regular",))
        case Material.ABSTRACT_DATABASE:
            types = ("Database_AI",) if newer else ("Database",)
            return _choice(
                "DR",
                "Total_Item_Investigations",
                {"Data_Type": types, **_REGULAR},
                "an abstract database has nothing to request",
                ("Searches_Regular",),
            )
        case Material.MULTIMEDIA:
            types = (
                ("Audiovisual", "Image", "Interactive_Resource", "Multimedia", "Sound") if newer else ("Multimedia",)
            )
            metric = "Unique_Item_Requests" if newer else "Total_Item_Requests"
            return _choice("IR", metric, {"Data_Type": types, **_REGULAR}, "items played or viewed")
        case Material.PLATFORM:
            return _choice("PR", "Unique_Item_Requests", _REGULAR, "the price is for the platform as a whole")


def _choice(
    report: str, metric: str, filters: Mapping[str, tuple[str, ...]], reason: str, beside: tuple[str, ...] = ()
) -> MetricChoice:
    return MetricChoice(report, metric, MappingProxyType(dict(filters)), reason, beside)


def check_metric(material: Material, metric: str) -> None:
    """Raises ValueError for a metric that may not stand in the denominator of this material."""
    if metric in NEVER_A_USE:
        raise ValueError(f"{metric} is not use of the library's readers; it cannot be divided by")
    if material is Material.ABSTRACT_DATABASE and "Requests" in metric:
        raise ValueError(f"an abstract database has no {metric}: use Total_Item_Investigations or Searches_Regular")
