"""``archgym list`` and ``archgym info``: what there is, and what it is."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from .. import registry, trust
from ..answers.fidelity import offers_of
from ..contracts.fidelity import Offer
from ..contracts.simulator import Simulator
from ..documents import read_yaml
from ..domains import domains
from ..errors import UnknownNameError
from ..goals.objectives import Objective, Spec
from ..goals.scenario import Scenario
from ..goals.scenario_file import shipped
from ..space import Parameter, Setting
from ..terminal.output import metrics_with_units, print_json, print_table, units_of
from ..units import format_quantity
from .scenarios import add_scenario_options, scenario_of

KINDS = ("domains", "scenarios", "simulators", "agents", "cost_models", "workloads")


def add_to(words: Any) -> None:
    """Add both words to the parser.

    Args:
        words: the subparsers of the program; two are added.
    """
    p = words.add_parser("list", help="scenarios, simulators, agents, workloads")
    p.add_argument("kind", nargs="?", choices=KINDS)
    p.add_argument("--json", action="store_true", help="machine-readable output")
    p.set_defaults(go=list_)
    p = words.add_parser("info", help="what a scenario, simulator or agent is made of")
    p.add_argument("name", metavar="SCENARIO|SIMULATOR|AGENT")
    add_scenario_options(p)
    p.add_argument("--json", action="store_true", help="machine-readable output")
    p.set_defaults(go=info)


def list_(options: argparse.Namespace) -> None:
    """Print names by kind, with a line on each.

    Args:
        options: the parsed command line: kind (none: the main ones), JSON or not.
    """
    kinds = [options.kind] if options.kind else ["scenarios", "simulators", "agents", "workloads"]
    out: dict[str, Any] = {}
    for kind in kinds:
        if kind == "scenarios":
            out[kind] = {
                n: str(read_yaml(p).get("description", "")).strip() for n, p in shipped().items()
            }
        elif kind == "domains":
            out[kind] = {n: d.text for n, d in domains().items()}
        elif kind == "workloads":
            out[kind] = {n: registry.workload_names(n) for n in registry.names("simulators")}
        else:
            out[kind] = {n: _summary(kind, n) for n in registry.names(kind)}
    if options.json:
        print_json(out)
        return
    for kind, entries in out.items():
        print_table(
            [kind, ""],
            [(n, ", ".join(t) if isinstance(t, list) else t) for n, t in entries.items()],
        )


def _summary(kind: str, name: str) -> str:
    text = registry.summary(kind, name)
    extra = registry.extra_needed(kind, name) if kind in ("agents", "cost_models") else ""
    return f"{text} Needs archgym[{extra}]." if extra else text


def info(options: argparse.Namespace) -> None:
    """Describe one scenario, simulator or agent. No program is started.

    Args:
        options: the parsed command line: name, changes of a scenario, JSON or not.

    Raises:
        UnknownNameError: there is nothing of that name.
    """
    with trust.looking("info"):
        _info(options)


def _info(options: argparse.Namespace) -> None:
    if options.name in registry.names("simulators"):
        cls = registry.load("simulators", options.name)
        described = _simulator(cls())
    elif options.name in registry.names("agents"):
        described = _agent(registry.load("agents", options.name))
    elif options.name in shipped() or options.name.endswith((".yaml", ".yml")):
        described = _scenario(scenario_of(options, options.name), people=not options.json)
    else:
        known = [*registry.names("simulators"), *registry.names("agents"), *shipped()]
        raise UnknownNameError("scenario, simulator or agent", options.name, known)
    if options.json:
        print_json(described)
        return
    for key, value in described.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            print_table(list(value[0]), [list(v.values()) for v in value], title=key)
        elif isinstance(value, dict) and value:
            print_table([key, ""], list(value.items()))
        elif value not in ("", None, [], {}):
            print(f"{key}: {value}")


def _parameters(parameters: tuple[Parameter, ...]) -> list[dict[str, Any]]:
    return [
        {
            "parameter": p.name,
            "kind": p.kind,
            "values": p.describe_values(),
            "meaning": p.description,
        }
        for p in parameters
    ]


def _simulator(simulator: Simulator) -> dict[str, Any]:
    return {
        "simulator": simulator.name,
        "version": simulator.version,
        "about": (type(simulator).__doc__ or "").strip(),
        "settings": _settings(simulator.declared_settings()),
        "designs": simulator.space.cardinality,
        "parameters": _parameters(simulator.space.parameters),
        "metrics": [
            {"metric": m.name, "unit": m.unit, "meaning": m.description} for m in simulator.metrics
        ],
        "fidelities": _fidelities(offers_of([simulator])),
        "workloads": registry.workload_names(simulator.name),
    }


def _fidelities(offered: Sequence[Offer]) -> list[dict[str, Any]]:
    return [{"fidelity": o.name, "cost": f"{o.cost:.3g}", "meaning": o.text} for o in offered]


def _settings(settings: Sequence[Setting]) -> list[dict[str, Any]]:
    return [
        {
            "setting": s.name,
            "expects": s.expected,
            "default": s.default,
            "meaning": s.description,
        }
        for s in settings
    ]


def _agent(cls: Any) -> dict[str, Any]:
    return {
        "agent": cls.name,
        "about": (cls.__doc__ or "").strip(),
        "multi_objective": cls.multi_objective,
        "hyperparameters": _settings(cls.declared_settings()),
        "grids": {name: str(grid) for name, grid in cls.grids.items()},
    }


def _scenario(s: Scenario, people: bool = False) -> dict[str, Any]:
    """What a scenario is made of; for ``people``, with quantities in fitting units."""
    metrics = s.simulators[0].metrics
    units = units_of(metrics)
    # evaluating the reference of a scenario of programs would start one: it is told as written
    compared = None if s.starts_programs else s.compared
    reference = compared.evaluation if compared and compared.values else None
    design = s.space.decode(compared.design)[0] if compared else dict(s.reference)
    objectives, specs = (s.objectives, s.specs) if s.starts_programs else s.resolved
    return {
        "scenario": s.name,
        "about": s.description.strip(),
        "simulator": s.simulator,
        "workloads": ", ".join(s.workloads),
        "config": dict(s.config),
        "designs": f"{s.space.cardinality:,}" if people else s.space.cardinality,
        "budget": f"{s.budget:,} evaluations" if people else s.budget,
        "reward": s.reward,
        "objectives": [
            {
                "objective": f"{o.goal} {o.name}",
                "unit": o.expression.unit(metrics),
                "weight": o.weight,
                **_aims(o, o.expression.unit(metrics), people),
            }
            for o in objectives
        ],
        "specs": [_spec(stated, spec, units) for stated, spec in zip(s.specs, specs)],
        "parameters": _parameters(s.space.parameters),
        "fidelities": [] if s.starts_programs else _fidelities(offers_of(s.simulators)),
        "reference design": _with_units(s, design) if people else design,
        "reference metrics": metrics_with_units(reference.row(0), units) if reference else {},
        "notes": [*s.notes, *([compared.warning] if compared and compared.warning else [])],
    }


def _with_units(s: Scenario, design: Mapping[str, Any]) -> dict[str, str]:
    """A design as people read it."""
    units = {p.name: p.unit for p in s.space.parameters}
    return {k: f"{v} {units[k]}".strip() if k in units else str(v) for k, v in design.items()}


def _aims(objective: Objective, unit: str, people: bool) -> dict[str, Any]:
    """What an objective is compared with, and its target."""
    values = {"reference": objective.reference, "target": objective.target}
    if not people:
        return values
    return {
        k: format_quantity(v, unit) if isinstance(v, float | int) else "" for k, v in values.items()
    }


def _spec(stated: Spec, spec: Spec, units: Mapping[str, str]) -> dict[str, str]:
    unit = units[spec.metric]
    return {"spec": stated.text(unit), "means": spec.text(unit) if stated.relative else ""}
