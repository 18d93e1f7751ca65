"""What a YAML file says of an external program: its knobs, its input files, where its figures stand."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import regex

from archgym.contracts.evaluation import Metric
from archgym.documents import known_keys, read_yaml
from archgym.errors import ArchgymError, UnknownNameError
from archgym.space import DesignSpace, Parameter, Value, categorical, ordinal
from archgym.units import parse_quantity

KEYS = (
    "name", "description", "version", "command", "inputs", "files", "environment", "parameters",
    "metrics", "timeout", "retries", "infeasible",
)  # fmt: skip
PARAMETER_KEYS = ("name", "values", "kind", "unit", "scale", "description", "text")
METRIC_KEYS = ("name", "unit", "description", "from", "pattern", "pick", "as")
PICKS = ("first", "last", "sum", "largest")
SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "csh", "tcsh")
# what a shell takes as it stands, wherever in a command it is put
PLAIN = re.compile(r"[\w.,:/@%+=-]*")


class ProgramError(ArchgymError, ValueError):
    """A program's description that makes no sense, or a program that cannot be started."""


@dataclass(frozen=True)
class Reading:
    """Where one metric stands: a regular expression with one group, in a file or stdout or stderr."""

    metric: Metric
    source: str
    pattern: Any  # a compiled pattern of the package regex, whose searches can be given up
    pick: str
    given_in: str

    def read(self, text: str, limit_s: float | None = None) -> float:
        """The metric in its SI unit.

        Args:
            text: what the program wrote.
            limit_s: after this long the search is given up.

        Raises:
            ValueError: the pattern does not occur, or what it finds is no finite number of that unit.
            TimeoutError: the search took longer than ``limit_s``.
        """
        found = self.pattern.findall(text, timeout=limit_s)
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
    infeasible: Any
    environment: Mapping[str, str | None]
    content_hash: str

    @property
    def shell_names(self) -> set[str]:
        """Names that stand inside a shell's command line."""
        return _shell_names(self.command)

    def substitutions(self, design: Mapping[str, Value], workload: str) -> dict[str, str]:
        """What ``${name}`` stands for in templates: every knob's text, and ``workload``."""
        if "workload" in self.shell_names and not PLAIN.fullmatch(workload):
            raise ProgramError(
                f"program {self.name!r}: the workload {workload!r} would be read by the shell in command; "
                "hand it over as an argument of its own (see docs/external_programs.md)"
            )
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
    if not 0 < timeout < math.inf or retries < 0:
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
        _pattern(document["infeasible"], where, "infeasible")
        if document.get("infeasible")
        else None,
        _environment(document.get("environment"), where),
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
    _check_shell(program, where)
    for name in program.inputs:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ProgramError(f"{where}: input {name!r} lies outside the working directory")


def _shell_names(command: tuple[Template, ...]) -> set[str]:
    """What stands in for a part of a shell's own command line: ``sh -c '… ${name} …'``."""
    words = [Path(word.template).name for word in command]
    found: set[str] = set()
    for i, shell in enumerate(words):
        if shell not in SHELLS:
            continue
        for j in range(i + 1, len(words) - 1):
            flag = command[j].template
            if not flag.startswith("-"):
                break  # a script's name: what follows are arguments, which no shell reads as commands
            if not flag.startswith("--") and "c" in flag:
                found.update(command[j + 1].get_identifiers())
                break
    return found


def _check_shell(program: Program, where: str) -> None:
    """Knobs inside a shell's command line must be plain words."""
    for name in _shell_names(program.command) - {"workload"}:
        p = program.space[name]
        for value in p.values:
            text = program.texts.get(name, {}).get(value, str(value))
            if not PLAIN.fullmatch(text.replace(" ", "")):
                raise ProgramError(
                    f"{where}: the value {text!r} of {name!r} would be read by the shell in command; hand it "
                    'over as an argument: [sh, -c, \'tool "$1"\', sh, "${'
                    + name
                    + '}"] with $$1 for $1'
                )


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


def _pattern(text: Any, where: str, what: str, flags: int = 0) -> Any:
    try:
        return regex.compile(str(text), flags)
    except regex.error as error:
        raise ProgramError(f"{where}: {what}: not a regular expression: {error}") from error


def _environment(entries: Any, where: str) -> dict[str, str | None]:
    """Variables by name; None stands for the caller's value."""
    if entries is None:
        return {}
    if not isinstance(entries, Mapping):
        raise ProgramError(
            f"{where}: environment is a mapping NAME: text (or nothing, to pass the caller's value on), got "
            f"{entries!r}"
        )
    out: dict[str, str | None] = {}
    for name, value in entries.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", str(name)) or isinstance(value, Mapping | list | bool):
            raise ProgramError(f"{where}: environment: expected NAME: text, got {name}: {value!r}")
        out[str(name)] = None if value is None else str(value)
    return out


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
    pattern = _pattern(entry["pattern"], where, f"metric {name!r}", regex.MULTILINE)
    if pattern.groups != 1:
        raise ProgramError(
            f"{where}: metric {name!r}: the pattern needs exactly one group around the number, it has "
            f"{pattern.groups}"
        )
    given = str(entry.get("as", unit))
    parse_quantity(f"1 {given}", unit)
    metric = Metric(name, unit, str(entry.get("description", "")))
    return Reading(metric, str(entry.get("from", "stdout")), pattern, pick, given)
