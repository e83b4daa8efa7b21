"""Profiles from YAML: inheritance, and errors that name file, line and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .model import Profile

BASE = "editeur-d96a"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_BYTES = 256 * 1024
DEEPEST = 8
DEEPEST_VALUE = 20
"""Levels of values inside of each other; the schema has fewer."""


@dataclass(frozen=True)
class Problem:
    """One fault of a profile. `line` counts from 1; 0 when it stands nowhere in the file."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, {self.key or 'file'}: {self.text}"


class ProfileError(ValueError):
    """A profile that cannot be used; `problems` holds all of its faults."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Written:
    """One YAML file: its values and the line of each key."""

    file: str
    data: dict[str, Any]
    lines: Mapping[tuple[str, ...], int]


def names() -> list[str]:
    """The profiles that Quire ships, the base first."""
    found = {
        item.name.removesuffix(".yaml")
        for item in resources.files(__package__).joinpath("data").iterdir()
        if item.name.endswith(".yaml")
    }
    return sorted(found, key=lambda name: (name != BASE, name))


@cache
def shipped(name: str) -> Profile:
    """A profile that Quire ships. Raises `ProfileError` when there is none of that name."""
    return build(_shipped_text(name), f"{name}.yaml")


@cache
def _shipped_text(name: str) -> str:
    known = names()
    if name not in known:
        told = name[:60]
        raise ProfileError(
            [Problem(f"{told}.yaml", 0, "", f"There is no profile {told!r}. There are: {', '.join(known)}.")]
        )
    return resources.files(__package__).joinpath("data").joinpath(f"{name}.yaml").read_text("utf-8")


@cache
def _shipped_parsed(name: str) -> Written:
    return parse(_shipped_text(name), f"{name}.yaml")


def load(source: str) -> Profile:
    """A profile by name, or from a file when `source` is a path. Raises `ProfileError`."""
    path = Path(source)
    if path.suffix in (".yaml", ".yml"):
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ProfileError([Problem(path.name, 0, "", "The file is larger than 256 kB; a profile never is.")])
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProfileError([Problem(path.name, 0, "", f"The file cannot be read: {error}.")]) from error
        return build(text, path.name)
    return shipped(source)


def build(text: str, file: str) -> Profile:
    """The profile of a YAML text with all that it inherits. Raises `ProfileError` with line and key of each fault."""
    chain = _chain(text, file)
    merged: dict[str, Any] = {}
    for written in reversed(chain):
        merged = _merged(merged, written.data)
    for key in ("inherits", "notes", "assumed", "status", "title"):
        if key in chain[0].data:
            merged[key] = chain[0].data[key]
        else:
            merged.pop(key, None)
    try:
        return Profile.model_validate(merged)
    except ValidationError as error:
        raise ProfileError([_problem(chain, entry["loc"], entry["msg"]) for entry in error.errors()]) from error


def parse(text: str, file: str) -> Written:
    """One YAML text, without what it inherits. Raises `ProfileError` (YAML faults, keys given twice)."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise ProfileError([Problem(file, 0, "", "The file is larger than 256 kB; a profile never is.")])
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ProfileError([Problem(file, line, "", f"This is not YAML: {error.problem or error.context}.")]) from error
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError) as error:
        raise ProfileError([Problem(file, 0, "", f"This is not YAML: {error}.")]) from error
    if not isinstance(root, yaml.MappingNode):
        raise ProfileError([Problem(file, 1, "", "A profile is a list of keys and values (`profile: name` …).")])
    reader = _Reader(file)
    data = reader.value(root, ())
    if reader.problems:
        raise ProfileError(reader.problems)
    return Written(file, data, reader.lines)


class _Reader:
    """YAML nodes → values. Codes such as 050, 9 or NO stay the text that they are; only true and false are not text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[tuple[str, ...], int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: tuple[str, ...]) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in self._seen:
            self.problems.append(
                Problem(self.file, line, ".".join(path), "Aliases (& and *) are not used in profiles.")
            )
            return ""
        self._seen.add(id(node))
        if len(path) > DEEPEST_VALUE:
            self.problems.append(
                Problem(
                    self.file, line, path[0], f"Values stand more than {DEEPEST_VALUE} levels inside of each other."
                )
            )
            return ""
        if isinstance(node, yaml.MappingNode):
            result: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                here = (*path, key)
                key_line = key_node.start_mark.line + 1
                if key in result:
                    self.problems.append(Problem(self.file, key_line, ".".join(here), "This key is given twice."))
                self.lines[here] = key_line
                result[key] = self.value(value_node, here)
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, str(index))) for index, item in enumerate(node.value)]
        if node.tag == "tag:yaml.org,2002:bool" and node.value in ("true", "false"):
            return node.value == "true"
        if node.tag == "tag:yaml.org,2002:null" and node.value in ("", "~"):
            return ""
        return str(node.value)


def _chain(text: str, file: str) -> list[Written]:
    chain = [parse(text, file)]
    while chain[-1].data.get("inherits"):
        written = chain[-1]
        parent = str(written.data["inherits"])
        line = written.lines[("inherits",)]
        if len(chain) > DEEPEST or f"{parent}.yaml" in [entry.file for entry in chain]:
            raise ProfileError(
                [Problem(written.file, line, "inherits", f"The profile {parent!r} is inherited in a circle.")]
            )
        try:
            chain.append(_shipped_parsed(parent))
        except ProfileError as error:
            raise ProfileError([Problem(written.file, line, "inherits", error.problems[0].text)]) from error
    return chain


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Keys of `above` win; mappings are merged key by key, lists are replaced whole. New codes of a mapping come first,
    so that a partner's own code is the one that is written."""
    result = {key: value for key, value in above.items() if key not in below}
    result |= below
    for key, value in above.items():
        if key in below and isinstance(value, dict) and isinstance(below[key], dict):
            result[key] = _merged(below[key], value)
        else:
            result[key] = value
    return result


def _problem(chain: list[Written], location: tuple[int | str, ...], message: str) -> Problem:
    path = tuple(str(part) for part in location)
    text = message.removeprefix("Value error, ")
    for depth in range(len(path), 0, -1):
        for written in chain:
            if path[:depth] in written.lines:
                return Problem(written.file, written.lines[path[:depth]], ".".join(path), text)
    return Problem(chain[0].file, 1, ".".join(path), text)
