"""Tables of usage facts."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn
from quire_usage.base import Base
from quire_usage.costs.metrics import Material
from quire_usage.costs.rules import MonthState


class ReportState(StrEnum):
    """``loaded``: its months were stored. ``refused``: judged and kept, nothing of it stored."""

    LOADED = "loaded"
    REFUSED = "refused"


class Platform(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A platform whose use is counted. ``material`` says what counts as a use, ``currency`` what costs are told in."""

    __tablename__ = "platform"
    __table_args__ = (
        UniqueConstraint("name", "unit_id", postgresql_nulls_not_distinct=True),
        one_of("material", Material),
    )

    name: str = Field(max_length=255)
    provider: str = Field(default="", max_length=255)
    material: Material = Field(default=Material.PLATFORM, sa_type=text_enum(Material))
    currency: str = Field(sa_type=CurrencyColumn)


class ReportFile(Identified, Stamped, Base, table=True):
    """The bytes of an uploaded file, packed with zlib, once for each content."""

    __tablename__ = "report_file"

    sha256: str = Field(max_length=64, unique=True)
    size: int
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Report(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A report and its verdict. ``totals`` (month → metric → sum) stay when a later version replaces its rows."""

    __tablename__ = "report"
    __table_args__ = (
        Index("ix_report_platform_id_report_id_release", "platform_id", "report_id", "release"),
        one_of("state", ReportState),
    )

    platform_id: UUID = Field(foreign_key="platform.id")
    file_id: UUID = Field(foreign_key="report_file.id", index=True)
    file_name: str = Field(max_length=255)
    state: ReportState = Field(sa_type=text_enum(ReportState))
    reason: str | None = None
    report_id: str = Field(max_length=50)
    report_name: str = Field(default="", max_length=255)
    release: str = Field(max_length=10)
    file_format: str = Field(max_length=10)
    report_version: int
    period_from: date | None = None
    period_to: date | None = None
    level: str = Field(max_length=20)
    our_level: str = Field(max_length=20)
    records: int
    fact_rows: int = 0
    totals: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    head: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    findings: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    quarantined: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    changes: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))


class ReportMonth(Identified, Base, table=True):
    """What stands for platform × report × release × month, and the report that it came with."""

    __tablename__ = "report_month"
    __table_args__ = (UniqueConstraint("platform_id", "report_id", "release", "month"), one_of("state", MonthState))

    platform_id: UUID = Field(foreign_key="platform.id")
    report_id: str = Field(max_length=50)
    release: str = Field(max_length=10)
    month: str = Field(max_length=7)
    state: MonthState = Field(sa_type=text_enum(MonthState))
    from_report: UUID = Field(foreign_key="report.id", index=True)
    totals: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Item(Identified, Base, table=True):
    """A title, database, article or other item within a platform."""

    __tablename__ = "item"

    platform_id: UUID = Field(foreign_key="platform.id", index=True)
    name: str
    publisher: str = ""


class ItemIdentifier(Base, table=True):
    """An exact identifier of an item; it belongs to one item of a platform."""

    __tablename__ = "item_identifier"

    platform_id: UUID = Field(primary_key=True, foreign_key="platform.id")
    kind: str = Field(primary_key=True, max_length=20)
    value: str = Field(primary_key=True)
    item_id: UUID = Field(foreign_key="item.id", index=True)


class ItemQuestion(Identified, Stamped, Base, table=True):
    """Two items that a report names with shared identifiers: the same or not? A person decides, nothing is merged."""

    __tablename__ = "item_question"
    __table_args__ = (UniqueConstraint("item_id", "rival_id"),)

    platform_id: UUID = Field(foreign_key="platform.id", index=True)
    item_id: UUID = Field(foreign_key="item.id")
    rival_id: UUID = Field(foreign_key="item.id")
    from_report: UUID = Field(foreign_key="report.id")


def _metric() -> Any:
    return Field(default=0, sa_type=BigInteger, nullable=False)


class Counts(Base):
    """One column per metric of releases 5 and 5.1; metrics of other releases by name in ``other``."""

    total_item_investigations: int = _metric()
    unique_item_investigations: int = _metric()
    unique_title_investigations: int = _metric()
    total_item_requests: int = _metric()
    unique_item_requests: int = _metric()
    unique_title_requests: int = _metric()
    searches_automated: int = _metric()
    searches_federated: int = _metric()
    searches_platform: int = _metric()
    searches_regular: int = _metric()
    limit_exceeded: int = _metric()
    no_license: int = _metric()
    other: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class Fact(Counts, table=True):
    """One item × attributes × month. Partitioned by year; ``first_day`` is the first of the month."""

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_item_id_first_day", "item_id", "first_day"),
        Index("ix_fact_unit", "platform_id", "report_id", "release", "first_day"),
        {"postgresql_partition_by": "RANGE (first_day)"},
    )

    first_day: date = Field(primary_key=True)
    from_report: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    platform_id: UUID
    report_id: str = Field(max_length=50)
    release: str = Field(max_length=10)
    item_id: UUID
    data_type: str
    section_type: str
    yop: str
    access_type: str
    access_method: str
    parent: str


class Rollup(Counts, table=True):
    """Platform × report × release × month × data type × access type × access method, kept with the facts."""

    __tablename__ = "rollup"

    platform_id: UUID = Field(primary_key=True, foreign_key="platform.id")
    report_id: str = Field(primary_key=True, max_length=50)
    release: str = Field(primary_key=True, max_length=10)
    month: str = Field(primary_key=True, max_length=7)
    data_type: str = Field(primary_key=True)
    access_type: str = Field(primary_key=True)
    access_method: str = Field(primary_key=True)
