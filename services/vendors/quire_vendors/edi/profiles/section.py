"""The ground of every section of a profile."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(min_length=1, max_length=6)]
Codes = dict[str, str]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
