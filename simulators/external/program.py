"""What a YAML file says of an external program: its knobs, its input files, where its figures stand."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from archgym.contracts.evaluation import Metric
from archgym.documents import known_keys, read_yaml
from archgym.errors import ArchgymError, UnknownNameError
from archgym.space import DesignSpace, Parameter, Value, categorical, ordinal
from archgym.units import parse_quantity

KEYS = (
    "name", "description", "version", "command", "inputs", "files", "parameters", "metrics", "timeout",
    "retries", "infeasible",
)  # fmt: skip
PARAMETER_KEYS = ("name", "values", "kind", "unit", "scale", "description", "text")
METRIC_KEYS = ("name", "unit", "description", "from", "pattern", "pick", "as")
PICKS = ("first", "last", "sum", "largest")


class ProgramError(ArchgymError, ValueError):
    """A program's description that makes no sense, or a program that cannot be started."""


@dataclass(frozen=True)
class Reading:
    """Where one metric stands: a regular expression with one group, in a file or stdout or stderr."""

    metric: Metric
    source: str
    pattern: re.Pattern[str]
    pick: str
    given_in: str

    def read(self, text: str) -> float:
        """The metric in its SI unit.

        Raises:
            ValueError: the pattern does not occur, or what it finds is no finite number of that unit.
        """
        found = self.pattern.findall(text)
        if not found:
            raise ValueError(
                f"{self.metric.name}: {self.pattern.pattern!r} not found in {self.source}"
            )
        values = [parse_quantity(f"{v} {self.given_in}", self.metric.unit) for v in found]
        if self.pick == "first":
            return values[0]
        if self.pick == "last":
            return values[-1]
        return sum(values) if self.pick == "sum" else max(values)


@dataclass(frozen=True)
class Program:
    """An external program, ready to be run on designs; nothing here runs it."""

    name: str
    version: str
    command: tuple[Template, ...]
    inputs: Mapping[str, Template]
    files: tuple[Path, ...]
    space: DesignSpace
    texts: Mapping[str, Mapping[Value, str]]
    readings: tuple[Reading, ...]
    timeout_s: float
    retries: int
    infeasible: re.Pattern[str] | None
    content_hash: str

    def substitutions(self, design: Mapping[str, Value], workload: str) -> dict[str, str]:
        """What ``${name}`` stands for in templates: every knob's text, and ``workload``."""
        out = {"workload": workload}
        for name, value in design.items():
            out[name] = self.texts.get(name, {}).get(value, str(value))
        return out


def folder() -> Path:
    """The folder of the programs that ship."""
    return Path(str(resources.files("archgym.scenarios"))) / "subprocess" / "programs"


def names() -> list[str]:
    """Every program that ships."""
    return sorted(path.parent.name for path in folder().glob("*/program.yaml"))


def load_program(name: str | Path) -> Program:
    """A program by name or by the path of its YAML file.

    Raises:
        UnknownNameError: no such program, or a key that does not exist; ProgramError: the rest.
    """
    text = str(name)
    if text in names():
        path = folder() / text / "program.yaml"
    elif text.endswith((".yaml", ".yml")):
        path = Path(text)
    else:
        raise UnknownNameError("program", text, names(), "(or the path of a .yaml file)")
    document = read_yaml(path)
    try:
        return _build(document, path)
    except (UnknownNameError, ProgramError):
        raise
    except (ArchgymError, TypeError, ValueError, KeyError) as error:
        raise ProgramError(f"{path}: {error}") from error


def _build(document: Mapping[str, Any], path: Path) -> Program:
    where = str(path)
    known_keys(document, KEYS, f"key in {where}:")
    for key in ("name", "command", "parameters", "metrics"):
        if not document.get(key):
            raise ProgramError(f"{where}: key {key!r} is missing or empty")
    if not isinstance(document["command"], list):
        raise ProgramError(f"{where}: command is a list of words, got {document['command']!r}")
    parameters, texts = [], {}
    for entry in document["parameters"]:
        parameter, text = _parameter(entry, where)
        parameters.append(parameter)
        if text:
            texts[parameter.name] = text
    files = tuple(path.parent / str(f) for f in document.get("files") or ())
    digest = hashlib.sha256(path.read_bytes())
    for file in files:
        if not file.is_file():
            raise ProgramError(f"{where}: file {file} does not exist")
        digest.update(file.name.encode() + file.read_bytes())
    timeout, retries = float(document.get("timeout", 600)), int(document.get("retries", 0))
    if timeout <= 0 or retries < 0:
        raise ProgramError(f"{where}: timeout must be positive and retries 0 or more")
    program = Program(
        str(document["name"]),
        str(document.get("version", "1")),
        tuple(Template(str(word)) for word in document["command"]),
        {str(k): Template(str(v)) for k, v in (document.get("inputs") or {}).items()},
        files,
        DesignSpace(parameters),
        texts,
        tuple(_reading(entry, where) for entry in document["metrics"]),
        timeout,
        retries,
        re.compile(str(document["infeasible"])) if document.get("infeasible") else None,
        digest.hexdigest()[:16],
    )
    _check_templates(program, where)
    return program


def _check_templates(program: Program, where: str) -> None:
    """Every ``${name}`` must be a parameter; every file must stay inside the working directory."""
    known = {*program.space.names, "workload"}
    for place, template in [
        *((f"input {n!r}", t) for n, t in program.inputs.items()),
        *(("the command", t) for t in program.command),
    ]:
        if not template.is_valid():
            raise ProgramError(
                f"{where}: {place} has a '$' that is no ${{name}}; write $$ for a dollar"
            )
        for name in template.get_identifiers():
            if name not in known:
                raise UnknownNameError(f"name in {place} of {where}:", name, known)
    for name in program.inputs:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ProgramError(f"{where}: input {name!r} lies outside the working directory")


def _parameter(entry: Any, where: str) -> tuple[Parameter, dict[Value, str]]:
    if not isinstance(entry, Mapping) or "name" not in entry or "values" not in entry:
        raise ProgramError(f"{where}: a parameter needs name and values, got {entry!r}")
    known_keys(entry, PARAMETER_KEYS, f"key of a parameter in {where}:")
    name, values = str(entry["name"]), list(entry["values"])
    kind = str(entry.get("kind", "ordinal"))
    about = str(entry.get("description", ""))
    unit = str(entry.get("unit", ""))
    if kind == "categorical":
        parameter = categorical(name, values, about, unit)
    elif kind == "ordinal":
        parameter = ordinal(name, values, about, unit, entry.get("scale", "linear"))
    else:
        raise UnknownNameError(f"kind of parameter {name!r}", kind, ("categorical", "ordinal"))
    text = {k: str(v) for k, v in (entry.get("text") or {}).items()}
    for value in text:
        if value not in values:
            raise ProgramError(
                f"{where}: parameter {name!r}: text for {value!r}, which is no value"
            )
    return parameter, text


def _reading(entry: Any, where: str) -> Reading:
    if not isinstance(entry, Mapping) or "name" not in entry or "pattern" not in entry:
        raise ProgramError(f"{where}: a metric needs name and pattern, got {entry!r}")
    known_keys(entry, METRIC_KEYS, f"key of a metric in {where}:")
    name, pick, unit = (
        str(entry["name"]),
        str(entry.get("pick", "last")),
        str(entry.get("unit", "")),
    )
    if pick not in PICKS:
        raise UnknownNameError(f"pick of metric {name!r}", pick, PICKS)
    try:
        pattern = re.compile(str(entry["pattern"]), re.MULTILINE)
    except re.error as error:
        raise ProgramError(
            f"{where}: metric {name!r}: not a regular expression: {error}"
        ) from error
    if pattern.groups != 1:
        raise ProgramError(
            f"{where}: metric {name!r}: the pattern needs exactly one group around the number, it has "
            f"{pattern.groups}"
        )
    given = str(entry.get("as", unit))
    parse_quantity(f"1 {given}", unit)
    metric = Metric(name, unit, str(entry.get("description", "")))
    return Reading(metric, str(entry.get("from", "stdout")), pattern, pick, given)
