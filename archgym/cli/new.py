"""``archgym new``: a template that works, to be changed."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from .. import registry
from ..contracts.making import make_simulators, simulator_with
from ..contracts.simulator import Simulator
from ..errors import ArchgymError, UnknownNameError
from ..files.text import write_text
from ..goals.places import absolute, code

KINDS = {
    "scenario": "what to search and what for, on any simulator (--simulator)",
    "simulator": "a design space with a model of your own, in Python",
    "agent": "a search algorithm of your own",
    "program": "an external program as a simulator",
    "sweep": "many runs: scenarios x agents x hyperparameters x seeds",
    "cost-model": "a regressor of your own, for proxies",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
SHOWN = 12  # values of a knob in a comment
SCENARIO = "dram/stream-low-power"  # what templates are tried on
FIRST = SCENARIO.partition("/")[0]  # the simulator of a scenario where none is named


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    kinds = "\n".join(f"  {kind:12} {text}" for kind, text in KINDS.items())
    p = words.add_parser(
        "new",
        help="write a working, commented template",
        description=f"Write a working, commented template that passes archgym check.\n\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("kind", help=", ".join(KINDS))
    p.add_argument("name", help="a word; file and class are named after it")
    p.add_argument("--to", type=Path, default=Path(), help="the folder (default: this one)")
    p.add_argument(
        "--simulator",
        default=FIRST,
        help=f"of a scenario: a name, FILE.py:Class, or a program's .yaml (default: {FIRST})",
    )
    p.set_defaults(go=new)


def new(options: argparse.Namespace) -> int:
    """Write the files of a template, say which they are and what to do next.

    Args:
        options: the parsed command line: kind, name, folder, simulator.

    Returns:
        The exit code, 0.

    Raises:
        UnknownNameError: no template is of that kind.
        ArchgymError: the name is not legal, a file is there already, or the folder cannot be made.
    """
    kind = options.kind.replace("_", "-")
    if kind not in KINDS:
        raise UnknownNameError("kind of template", options.kind, KINDS)
    if not _NAME.fullmatch(options.name):
        raise ArchgymError(
            f"name {options.name!r}: expected letters, digits, - and _, a letter first (at most 80)"
        )
    files = files_of(kind, options.name, options.to, options.simulator)
    there = [str(path) for path in files if path.exists()]
    if there:
        raise ArchgymError(f"{' and '.join(there)} is there already; choose another name or --to")
    try:
        options.to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchgymError(
            f"cannot create {options.to}: {error.strerror}; choose another --to"
        ) from error
    for path, text in files.items():
        write_text(path, text)
    first = next(iter(files))
    print("\n".join(map(str, files)))
    print(f"next: archgym check {first}; {_next(kind, first, options.name)}", file=sys.stderr)
    return 0


def _next(kind: str, file: Path, name: str) -> str:
    if kind in ("simulator", "program"):
        where = file if kind == "program" else f"{file}:{class_name(name)}"
        return f"archgym new scenario {name}-search --simulator {where}"
    return {
        "scenario": f"archgym run {file}",
        "agent": f"archgym run {SCENARIO} --agent {file}:{class_name(name)}",
        "sweep": f"archgym sweep {file}",
        "cost-model": f"archgym train --help (--model {file}:{class_name(name)})",
    }[kind]


def module_name(name: str) -> str:
    """The name of a module: ``my-cache`` becomes ``my_cache``.

    Args:
        name: of a template.

    Returns:
        The name in small letters, with ``_`` for ``-`` and at the end of a keyword.
    """
    plain = name.replace("-", "_").lower()
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def class_name(name: str) -> str:
    """The name of a class: ``my-cache`` becomes ``MyCache``.

    Args:
        name: of a template.

    Returns:
        The name with each word begun by a capital, and ``_`` at the end of a keyword.
    """
    words = "".join(w[:1].upper() + w[1:] for w in re.split(r"[-_]+", name) if w)
    return f"{words}_" if keyword.iskeyword(words) else words


def files_of(kind: str, name: str, to: Path, simulator: str = FIRST) -> dict[Path, str]:
    """The files of a template; nothing is written.

    Args:
        kind: a key of :data:`KINDS`.
        name: of the template.
        to: the folder that the files are for.
        simulator: of a scenario: a name, ``FILE.py:Class`` or a program's .yaml; other kinds need none.

    Returns:
        Texts by path, the file to start from first.
    """
    if kind == "scenario":
        return {to / f"{name}.yaml": scenario_text(name, simulator, to)}
    if kind == "sweep":
        return {to / f"{name}.yaml": _filled("sweep.yaml", name, f"{name}.yaml")}
    if kind == "program":
        return {
            to / f"{name}.yaml": _filled("program.yaml", name, f"{name}.yaml"),
            to / f"{module_name(name)}_model.py": _filled("program_model.py", name, ""),
        }
    file = f"{module_name(name)}.py"
    return {to / file: _filled(f"{kind.replace('-', '_')}.py", name, file)}


def _filled(template: str, name: str, file: str) -> str:
    text = (resources.files("archgym.cli") / "templates" / f"{template}.txt").read_text("utf-8")
    words = {
        "NAME_model": f"{module_name(name)}_model", "TITLE": name, "FILE": file, "SCENARIO": SCENARIO,
        "CLASS": class_name(name), "NAME": module_name(name) if template.endswith(".py") else name,
    }  # fmt: skip
    marks = "|".join(words)
    return re.sub(rf"\b(?:{marks})(?![A-Z])", lambda m: words[m[0]], text)


def scenario_text(name: str, simulator: str, to: Path) -> str:
    """A scenario on a simulator, with its knobs and metrics in comments.

    Args:
        name: of the scenario.
        simulator: a name, ``FILE.py:Class`` or a program's .yaml.
        to: the folder that the scenario is for; a file in it is named by its name alone.

    Returns:
        The text of the scenario's YAML file.
    """
    entry: dict[str, Any] = {"simulator": simulator}
    if simulator.endswith((".yaml", ".yml")):
        entry = {
            "simulator": simulator_with("program"),
            "config": {"program": _reached(absolute(simulator, Path()), to)},
        }
    elif ":" in simulator:
        module, _, attribute = code(simulator, Path()).rpartition(":")
        entry = {"simulator": f"{_reached(module, to)}:{attribute}"}
    known = code(simulator, Path()) if ":" in simulator else entry["simulator"]
    names = registry.workload_names(known)
    workload = next(
        (n for n in ("stream", "resnet18") if n in names), names[0] if names else "default"
    )
    config = {"program": absolute(simulator, Path())} if "config" in entry else {}
    made = make_simulators(known, (workload,), config)[0]
    return _text(name, entry, workload, made)


def _reached(path: str, to: Path) -> str:
    """A file as it is named from a scenario in folder ``to``: by its name alone where it lies there."""
    there = Path(path)
    if there.is_absolute() and there.parent == to.resolve():
        return there.name
    return path


def _text(name: str, entry: dict[str, Any], workload: str, simulator: Simulator) -> str:
    objective, *others = simulator.metrics
    bounded = next((m for m in others if not m.signed), None)
    lines = [
        "# What to search and what for; check it with: archgym check FILE, search with: archgym run FILE",
        _yaml({"name": name, "description": f"least {objective.name} on {workload}", **entry}),
        f"workload: {_flow(workload)}  # a name (archgym list workloads) or a file beside this one",
        "# parameters:  # pin or narrow knobs; all are free otherwise",
        *(
            f"#   {p.name}: {_flow(list(p.values[:SHOWN]))}{' …' if len(p) > SHOWN else ''}"
            for p in simulator.space.parameters
        ),
        "# metrics to choose from: "
        + ", ".join(f"{m.name} [{m.unit}]" if m.unit else m.name for m in simulator.metrics),
        f"objectives: [{objective.name}]  # or {{metric: …, goal: maximize}}; products and ratios too, such as a*b",
    ]
    if bounded is not None:
        lines += [
            "specs:  # bounds, absolute ('<= 3 mW') or against the reference design",
            f"  {bounded.name}: <= 1.2 x reference",
        ]
    lines += [
        "reference:  # the design to compare with, and the first that is tried",
        *("  " + line for line in _yaml(simulator.default_design()).splitlines()),
        "budget: 200  # evaluations",
    ]
    return "\n".join(line.rstrip("\n") for line in lines) + "\n"


def _yaml(mapping: dict[str, Any]) -> str:
    return yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True, width=100).rstrip("\n")


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")
