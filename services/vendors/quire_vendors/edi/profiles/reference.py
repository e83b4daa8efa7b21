"""Writes `docs/reference/edi_profiles.md` from the schema: `python -m quire_vendors.edi.profiles.reference > FILE`."""

import json
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from .loader import BASE, names, shipped
from .model import Profile

INTRODUCTION = """\
# EDI profiles: every key

A profile says how one partner writes and wants EDIFACT. It is a YAML file that inherits from another one, at the end
from `editeur-d96a`, and states only what is different: mappings are merged key by key, lists are replaced whole.
Codes are text as they are written (`050`, `9`). `quire edi profile new NAME` starts one, `quire edi profile test
FILE.yaml MESSAGE.edi` tells what it makes of a file, and every fault is told with its line and key.

This page is made from the schema (`python -m quire_vendors.edi.profiles.reference`).
"""


def markdown() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    top = {name: info for name, info in Profile.model_fields.items() if _model(info.annotation) is None}
    parts.append("## The profile itself\n" + _table(top, ""))
    for name, info in Profile.model_fields.items():
        model = _model(info.annotation)
        if model is not None:
            parts.append(_section(name, model))
    parts.append(_shipped())
    return "\n".join(parts)


def _section(path: str, model: type[BaseModel]) -> str:
    text = f"## {path}\n\n{_about(model)}\n{_table(model.model_fields, f'{path}.')}"
    for name, info in model.model_fields.items():
        inner = _model(info.annotation)
        if inner is not None:
            text += f"\n### {path}.{name}\n\n{_about(inner)}\n{_table(inner.model_fields, f'{path}.{name}.')}"
    return text


def _about(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split()) + "\n"


def _table(fields: dict[str, FieldInfo], prefix: str) -> str:
    rows = ["\n| key | value | default | meaning |", "|---|---|---|---|"]
    for name, info in fields.items():
        meaning = (info.description or "see below").replace("|", "\\|")
        rows.append(f"| `{prefix}{name}` | {_kind(info.annotation)} | {_default(info)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _model(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation is, or is a list of."""
    for candidate in (annotation, *(get_args(annotation) if get_origin(annotation) is list else ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _kind(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" if value else "empty" for value in get_args(annotation))
    if origin is list:
        return f"list of {_kind(get_args(annotation)[0])}"
    if origin is dict:
        return f"code: {_kind(get_args(annotation)[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(value) for value in get_args(annotation))
    if annotation is bool:
        return "`true`, `false`"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return {str: "text", int: "number"}[annotation]


def _default(info: FieldInfo) -> str:
    if info.default is PydanticUndefined:
        return "must be given"
    value = info.default
    if isinstance(value, BaseModel) or value in ("", [], {}):
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`".replace("|", "\\|")


def _shipped() -> str:
    rows = [
        "## Shipped profiles\n",
        "| profile | partner | status | assumed, not seen in a file |",
        "|---|---|---|---|",
    ]
    for name in names():
        profile = shipped(name)
        assumed = ", ".join(f"`{key}`" for key in profile.assumed) or ("" if name == BASE else "nothing")
        rows.append(f"| `{name}` | {profile.title} | {profile.status} | {assumed} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
