"""Settings: every one documented, read from ``QUIRE_…`` variables, checked at start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SERVICES = ("orders", "vendors", "licenses", "usage", "desk")


class SettingsError(Exception):
    """A setting that cannot work, in words."""


class Settings(BaseSettings):
    """Everything that can be set; the same names for one process and for separate services."""

    model_config = SettingsConfigDict(env_prefix="QUIRE_", extra="ignore")

    data_dir: Path = Field(Path(".quire"), description="Folder for the embedded database, keys, files and inboxes.")
    port: int = Field(
        8300,
        ge=0,
        le=65535,
        description="Port of the web desk and its gateway, or of a single service; 0 takes a free one.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all networks.")
    public_url: str | None = Field(
        None, description="Address under which people reach the desk, for links; default http://HOST:PORT."
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL server as postgresql://user:password@host:port/; without it an embedded one is started."
        " Each service uses its own database there.",
    )
    database_prefix: str = Field(
        "quire_", pattern=r"^[a-z_][a-z0-9_]{0,30}$", description="Start of the names of the services' databases."
    )
    orders_database_url: SecretStr | None = Field(None, description="Database of orders, if it is on another server.")
    vendors_database_url: SecretStr | None = Field(None, description="Database of vendors, if it is on another server.")
    licenses_database_url: SecretStr | None = Field(
        None, description="Database of licenses, if it is on another server."
    )
    usage_database_url: SecretStr | None = Field(None, description="Database of usage, if it is on another server.")
    desk_database_url: SecretStr | None = Field(None, description="Database of desk, if it is on another server.")
    bus: Literal["log", "kafka"] = Field(
        "log", description="How services exchange events: an event log in PostgreSQL, or Apache Kafka."
    )
    kafka_bootstrap: str | None = Field(
        None, description="Kafka brokers as host:port,host:port; needed when the bus is kafka."
    )
    kafka_replication: int = Field(1, ge=1, le=7, description="Copies of each topic that Quire creates.")
    orders_url: str | None = Field(
        None, description="Address of the orders service when it runs as a separate process."
    )
    vendors_url: str | None = Field(
        None, description="Address of the vendors service when it runs as a separate process."
    )
    licenses_url: str | None = Field(
        None, description="Address of the licenses service when it runs as a separate process."
    )
    usage_url: str | None = Field(None, description="Address of the usage service when it runs as a separate process.")
    jwks_file: Path | None = Field(
        None, description="File with desk's public keys; default keys/jwks.json in the data folder."
    )
    time_zone: str = Field(
        "UTC", description="The library's time zone, for days and deadlines (for example Europe/Berlin)."
    )
    library_name: str = Field(
        "Our library", max_length=200, description="Name of the library, on documents and in the desk."
    )
    base_currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency in which totals are compared.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log lines that are written."
    )
    otlp_endpoint: str | None = Field(None, description="OpenTelemetry collector; without it no traces are sent.")
    pool_size: int = Field(10, ge=2, le=100, description="Database connections kept by each service.")
    max_body_mb: int = Field(50, ge=1, le=500, description="Largest request body, in megabytes.")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"“{value}” is no time zone; write it like Europe/Berlin")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        if self.bus == "kafka" and not self.kafka_bootstrap:
            raise ValueError("QUIRE_BUS=kafka needs QUIRE_KAFKA_BOOTSTRAP, for example localhost:9092")
        for name, secret in self._database_urls().items():
            if secret is None:
                continue
            try:
                make_url(secret.get_secret_value())
            except ArgumentError:
                raise ValueError(
                    f"{name} is no database address; write it like postgresql://user:password@host:5432/"
                ) from None
        return self

    def _database_urls(self) -> dict[str, SecretStr | None]:
        return {
            "QUIRE_DATABASE_URL": self.database_url,
            **{f"QUIRE_{s.upper()}_DATABASE_URL": getattr(self, f"{s}_database_url") for s in SERVICES},
        }

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def database_name(self, service: str) -> str:
        return f"{self.database_prefix}{service}"

    def dsn(self, service: str) -> str:
        """Address of a service's database (or of ``bus``). Raises :class:`SettingsError` when none is set."""
        own: SecretStr | None = getattr(self, f"{service}_database_url", None)
        if own is not None:
            return own.get_secret_value()
        if self.database_url is None:
            raise SettingsError("No database is set: give QUIRE_DATABASE_URL, or start with `quire up`.")
        return (
            make_url(self.database_url.get_secret_value())
            .set(database=self.database_name(service))
            .render_as_string(hide_password=False)
        )

    @property
    def jwks_path(self) -> Path:
        return self.jwks_file or self.data_dir / "keys" / "jwks.json"


def load() -> Settings:
    """Read the settings; raises :class:`SettingsError` with one line per mistake."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"QUIRE_{'_'.join(str(p) for p in e['loc']).upper()}: {e['msg']}"
            if e["loc"]
            else e["msg"].removeprefix("Value error, ")
            for e in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None
