"""Settings of the vendors service, read from ``QUIRE_EDI_…`` variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from quire_shared.service.settings import Settings


class EdiSettings(BaseSettings):
    """Where files of vendors lie and how often folders are looked at."""

    model_config = SettingsConfigDict(env_prefix="QUIRE_EDI_", extra="ignore")

    dir: Path | None = Field(
        None,
        description="Exchange folder: the folders of accounts are relative to it. Default: edi in the data folder.",
    )
    poll_seconds: float = Field(5.0, gt=0, le=3600, description="Seconds between two looks into a vendor's folder.")
    stable_seconds: float = Field(
        2.0, ge=0, le=3600, description="A file is taken when its size and time have not changed for so many seconds."
    )

    def root(self, settings: Settings) -> Path:
        """The exchange folder."""
        return self.dir if self.dir is not None else settings.data_dir / "edi"
