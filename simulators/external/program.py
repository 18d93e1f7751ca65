"""What a YAML file says of an external program: its knobs, its input files, where its figures stand."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import regex

from archgym.contracts.evaluation import Metric
from archgym.documents import Faults, known_keys, read_yaml, shortened
from archgym.errors import ArchgymError, ProgramError, UnknownNameError
from archgym.space import DesignSpace, Parameter, Value, categorical, ordinal
from archgym.units import parse_quantity

from .shells import PLAIN, check_shell, shell_names

KEYS = (
    "name", "description", "version", "command", "inputs", "files", "environment", "parameters",
    "metrics", "timeout", "retries", "infeasible",
)  # fmt: skip
PARAMETER_KEYS = ("name", "values", "kind", "unit", "scale", "description", "text")
METRIC_KEYS = ("name", "unit", "description", "from", "pattern", "pick", "as", "signed")
PICKS = ("first", "last", "sum", "largest")
MOST_RETRIES, MOST_SECONDS = 1000, 1e7


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

        Returns:
            The metric's value.

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
        value = sum(values) if self.pick == "sum" else max(values)
        if not math.isfinite(value):
            raise ValueError(f"{self.metric.name}: the sum of {len(values)} figures is {value}")
        return value


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
        return shell_names(self.command)

    def substitutions(self, design: Mapping[str, Value], workload: str) -> dict[str, str]:
        """What ``${name}`` stands for in templates: every knob's text, and ``workload``.

        Args:
            design: values by the names of knobs.
            workload: its name.

        Returns:
            Texts by name.

        Raises:
            ProgramError: the workload stands inside a shell's command line and is no plain word.
        """
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

    Paths inside the file hold beside it: ``files``, and words of ``command`` that name a file there.

    Args:
        name: of a program that ships, or a path that ends in ``.yaml`` or ``.yml``.

    Returns:
        The program.

    Raises:
        UnknownNameError: no such program, or a key that does not exist.
        ProgramError: all other faults.
    """
    text = str(name)
    if text in names():
        path = folder() / text / "program.yaml"
    elif text.endswith((".yaml", ".yml")):
        path = Path(text)
    else:
        raise UnknownNameError("program", text, names(), "(or the path of a .yaml file)")
    try:
        return _build(read_yaml(path), path)
    except (UnknownNameError, ProgramError):
        raise
    except (ArchgymError, TypeError, ValueError, KeyError) as error:
        text = str(error)
        raise ProgramError(text if str(path) in text else f"{path}: {text}") from error


def _build(document: Mapping[str, Any], path: Path) -> Program:
    where = str(path)
    known_keys(document, KEYS, f"key in {where}:")
    faults = Faults()
    for key in ("name", "command", "parameters", "metrics"):
        if not document.get(key):
            faults.add(f"key {key!r} is missing or empty")
    texts: dict[str, Mapping[Value, str]] = {}
    parameters = [
        p for e in _list(document, "parameters", faults) if (p := _parameter(e, texts, faults))
    ]
    readings = [r for e in _list(document, "metrics", faults) if (r := _reading(e, faults))]
    for noun, given in (("parameter", parameters), ("metric", [r.metric for r in readings])):
        found = [x.name for x in given]
        for twice in sorted({n for n in found if found.count(n) > 1}):
            faults.add(f"{noun} {twice!r} is listed twice")
    words = [_word(w, faults) for w in _list(document, "command", faults)]
    inputs = {k: _word(v, faults) for k, v in faults.mapping(document, "inputs").items()}
    files = tuple(path.parent / _word(f, faults) for f in _list(document, "files", faults))
    for file in files:
        if not file.is_file():
            faults.add(f"file {file} does not exist")
    words, used = _beside(words, path.parent, {*inputs, *(f.name for f in files)})
    timeout = faults.number(document, "timeout", 600.0)
    retries = faults.whole(document, "retries", 0, least=0)
    if not timeout > 0:
        faults.add(f"timeout must be positive, got {timeout:g}")
    if retries > MOST_RETRIES or timeout > MOST_SECONDS:
        faults.add(f"at most {MOST_RETRIES} retries and {MOST_SECONDS:g} s are allowed")
    infeasible = document.get("infeasible")
    pattern = None if not infeasible else _pattern(infeasible, "infeasible", faults)
    name, version = (_word(document.get(k, d), faults) for k, d in (("name", ""), ("version", "1")))
    named = {
        str(e["name"])
        for e in _list(document, "parameters", faults)
        if isinstance(e, Mapping) and "name" in e
    }
    _check_templates(words, inputs, named, faults, where)
    check_shell(words, parameters, texts, faults)
    environment = _environment(document.get("environment"), faults)
    try:
        faults.raise_if_any()
    except ArchgymError as error:
        raise ProgramError(f"{where}: {error}") from error
    digest = hashlib.sha256(path.read_bytes())
    for file in (*files, *used):
        digest.update(file.name.encode() + file.read_bytes())
    return Program(
        name,
        version,
        tuple(Template(word) for word in words),
        {k: Template(v) for k, v in inputs.items()},
        files,
        DesignSpace(parameters),
        texts,
        tuple(readings),
        timeout,
        retries,
        pattern,
        environment,
        digest.hexdigest()[:16],
    )


def _list(document: Mapping[str, Any], key: str, faults: Faults) -> list[Any]:
    value = document.get(key) or []
    if not isinstance(value, list):
        faults.add(
            f"key {key!r}: expected a list, got {shortened(value)}"
            + (": command is a list of words" if key == "command" else "")
        )
        return []
    return value


def _word(value: Any, faults: Faults) -> str:
    """Text, or a number as text."""
    if not isinstance(value, str | int | float):
        faults.add(f"expected text, got {shortened(value)}")
        return ""
    return str(value)


def _beside(words: Sequence[str], base: Path, copied: set[str]) -> tuple[list[str], list[Path]]:
    """Words that name a file beside the description as whole paths, and those files.

    What is copied into the working directory is meant as it lies there.
    """
    out, used = [], []
    for word in words:
        plain = word and word not in copied and "$" not in word and not Path(word).is_absolute()
        if plain and ("/" in word or Path(word).suffix) and (base / word).is_file():
            used.append((base / word).resolve())
            word = str(used[-1]).replace("$", "$$")
        out.append(word)
    return out, used


def _check_templates(
    words: Sequence[str], inputs: Mapping[str, str], names: set[str], faults: Faults, where: str
) -> None:
    """Every ``${name}`` must be a parameter; every file must stay inside the working directory."""
    known = {*names, "workload"}
    for place, text in [
        *((f"input {n!r}", t) for n, t in inputs.items()),
        *(("the command", t) for t in words),
    ]:
        template = Template(text)
        if not template.is_valid():
            faults.add(f"{place} has a '$' that is no ${{name}}; write $$ for a dollar")
            continue
        for name in template.get_identifiers():
            if name not in known:
                raise UnknownNameError(f"name in {place} of {where}:", name, known)
    for name in inputs:
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            faults.add(f"input {name!r} lies outside the working directory")


def _parameter(
    entry: Any, texts: dict[str, Mapping[Value, str]], faults: Faults
) -> Parameter | None:
    if not isinstance(entry, Mapping) or "name" not in entry or "values" not in entry:
        faults.add(f"a parameter needs name and values, got {shortened(entry)}")
        return None
    known_keys(entry, PARAMETER_KEYS, "key of a parameter:")
    name, kind = str(entry["name"]), str(entry.get("kind", "ordinal"))
    if kind not in ("categorical", "ordinal"):
        raise UnknownNameError(f"kind of parameter {name!r}", kind, ("categorical", "ordinal"))
    scale = entry.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise UnknownNameError(f"scale of parameter {name!r}", str(scale), ("linear", "log"))
    values = entry["values"]
    if not isinstance(values, list) or not all(isinstance(v, str | int | float) for v in values):
        faults.add(
            f"parameter {name!r}: values are a list of numbers or texts, got {shortened(values)}"
        )
        return None
    about, unit = str(entry.get("description", "")), str(entry.get("unit", ""))
    text = entry.get("text") or {}
    if not isinstance(text, Mapping) or not all(v in values for v in text):
        faults.add(
            f"parameter {name!r}: text maps its values to text, got {shortened(text)}, which is no value"
        )
        return None
    with faults.collected(f"parameter {name!r}"):
        make = categorical(name, values, about, unit)
        texts[name] = {k: str(v) for k, v in text.items()}
        return make if kind == "categorical" else ordinal(name, values, about, unit, scale)
    return None


def _environment(entries: Any, faults: Faults) -> dict[str, str | None]:
    """Variables by name; None stands for the caller's value."""
    if entries is None:
        return {}
    if not isinstance(entries, Mapping):
        faults.add(
            f"environment is a mapping NAME: text (or nothing, to pass the caller's value on), got "
            f"{entries!r}"
        )
        return {}
    out: dict[str, str | None] = {}
    for name, value in entries.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", str(name)) or isinstance(value, Mapping | list | bool):
            faults.add(f"environment: expected NAME: text, got {name}: {value!r}")
            continue
        out[str(name)] = None if value is None else str(value)
    return out


def _reading(entry: Any, faults: Faults) -> Reading | None:
    if not isinstance(entry, Mapping) or "name" not in entry or "pattern" not in entry:
        faults.add(f"a metric needs name and pattern, got {shortened(entry)}")
        return None
    known_keys(entry, METRIC_KEYS, "key of a metric:")
    name, pick, unit = (str(entry[k]) if k in entry else d for k, d in
                        (("name", ""), ("pick", "last"), ("unit", "")))  # fmt: skip
    if pick not in PICKS:
        raise UnknownNameError(f"pick of metric {name!r}", pick, PICKS)
    pattern = _pattern(entry["pattern"], f"metric {name!r}", faults)
    if pattern is None:
        return None
    if pattern.groups != 1:
        faults.add(
            f"metric {name!r}: the pattern needs exactly one group around the number, it has {pattern.groups}"
        )
        return None
    given = str(entry.get("as", unit))
    with faults.collected(f"metric {name!r}"):
        parse_quantity(f"1 {given}", unit)
        if not isinstance(signed := entry.get("signed", False), bool):
            raise ProgramError(f"signed is true or false, got {shortened(signed)}")
        metric = Metric(name, unit, str(entry.get("description", "")), signed)
        return Reading(metric, str(entry.get("from", "stdout")), pattern, pick, given)
    return None


def _pattern(text: Any, what: str, faults: Faults) -> Any:
    """A compiled pattern of the package ``regex``, whose searches can be given up."""
    if not isinstance(text, str) or not text:
        faults.add(f"{what}: a pattern is text, got {shortened(text)}")
        return None
    try:
        return regex.compile(text, regex.MULTILINE)
    except (regex.error, OverflowError, RecursionError) as error:
        faults.add(f"{what}: not a regular expression: {error}")
        return None
