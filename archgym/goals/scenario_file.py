"""Scenarios from YAML: every key known, every value checked, errors that say where."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ..documents import known_keys, located, read_yaml
from ..errors import ScenarioError, UnknownNameError
from ..units import parse_quantity
from .objectives import Expression, Objective, Spec
from .scenario import Scenario

KEYS = (
    "name",
    "description",
    "simulator",
    "workload",
    "workloads",
    "aggregate",
    "config",
    "parameters",
    "others",
    "objectives",
    "specs",
    "reward",
    "rho",
    "reference",
    "budget",
    "stand_in",
)
# what names, describes or measures out a search; all other keys say what is searched for
AROUND_THE_GOAL = (
    "name", "description", "workload", "workloads", "budget", "stand_in",
)  # fmt: skip
OBJECTIVE_KEYS = ("metric", "goal", "weight", "reference", "target")
SPEC_KEYS = ("upper", "lower", "worst")


def folder() -> Path:
    """The folder of the scenarios that ship."""
    return Path(str(resources.files("archgym.scenarios")))


def shipped() -> dict[str, Path]:
    """Every scenario that ships, by name (``dram/stream-low-power``)."""
    root = folder()
    return {
        path.relative_to(root).with_suffix("").as_posix(): path
        for path in sorted(root.rglob("*.yaml"))
        if not {"studies", "architectures", "programs", "certified"}
        & set(path.relative_to(root).parts)
    }


def load_scenario(
    name: str | Path | Scenario,
    workload: str | Sequence[str] | None = None,
    config: Mapping[str, Any] | None = None,
    stand_in: str | None = None,
) -> Scenario:
    """The scenario of a name or of a YAML file, optionally on other workloads or settings.

    ``config`` overrides single settings of the simulator (``{"semantics": "jedec"}``);
    ``stand_in`` (``table``, ``table:FOLDER``) puts something else in the simulator's place.

    Raises:
        UnknownNameError: no such scenario; ScenarioError: the file makes no sense.
    """
    if isinstance(name, Scenario):
        if workload is None and not config and stand_in is None:
            return name
        return from_document(_altered(name.document, workload, config, stand_in), name.name)
    text = str(name)
    known = shipped()
    if text in known:
        path = known[text]
    elif text.endswith((".yaml", ".yml")):
        path = Path(text)
    else:
        raise UnknownNameError("scenario", text, known, "(or give the path of a .yaml file)")
    return from_document(_altered(read_yaml(path), workload, config, stand_in), str(path))


def _altered(
    document: Mapping[str, Any],
    workload: str | Sequence[str] | None,
    config: Mapping[str, Any] | None,
    stand_in: str | None,
) -> dict[str, Any]:
    out = dict(document)
    if stand_in is not None:
        out["stand_in"] = stand_in
    if workload is not None:
        out.pop("workload", None)
        out["workloads"] = [workload] if isinstance(workload, str) else [str(w) for w in workload]
    if config:
        out["config"] = {**(out.get("config") or {}), **config}
    return out


def from_document(document: Mapping[str, Any], where: str = "scenario") -> Scenario:
    """A scenario from the mapping that a YAML file holds."""
    with located(where):
        return _build(document)


def _build(document: Mapping[str, Any]) -> Scenario:
    known_keys(document, KEYS, "key in the scenario")
    for key in ("name", "simulator", "objectives"):
        if key not in document:
            raise ScenarioError(
                f"key {key!r} is missing; a scenario needs name, simulator, objectives"
            )
    workloads = document.get("workloads", document.get("workload"))
    if workloads is None:
        raise ScenarioError("key 'workload' (or 'workloads') is missing")
    config = document.get("config") or {}
    parameters = {
        name: values if isinstance(values, list) else [values]
        for name, values in _mapping(document, "parameters").items()
    }
    scenario = Scenario(
        name=str(document["name"]),
        simulator=str(document["simulator"]),
        workloads=tuple(
            str(w) for w in (workloads if isinstance(workloads, list) else [workloads])
        ),
        objectives=(_placeholder(),),
        description=str(document.get("description", "")),
        config=dict(config),
        parameters=parameters,
        reward=str(document.get("reward", "satisfy-then-improve")),
        rho=float(document.get("rho", 10.0)),
        aggregate=document.get("aggregate", "sum"),
        reference=_mapping(document, "reference"),
        budget=_whole(document.get("budget", 1000), "budget"),
        document=dict(document),
    )
    scenario = _others_pinned(scenario, document)
    metrics = scenario.simulators[0].metrics
    units = {m.name: m.unit for m in metrics}
    specs = []
    for name, bounds in _mapping(document, "specs").items():
        if name not in units:
            raise UnknownNameError("metric in specs:", name, units)
        specs.append(_spec(name, bounds, units[name]))
    objectives = _objectives(document["objectives"], metrics)
    with_specs = dataclasses.replace(
        scenario,
        specs=tuple(specs),
        objectives=tuple(objectives),
        stand_in=str(document.get("stand_in", "")),
    )
    # the simulators were built to check names: hand them on
    with_specs.__dict__["simulators"] = with_specs.replaced(scenario.simulators)
    return _with_references(with_specs)


def _others_pinned(scenario: Scenario, document: Mapping[str, Any]) -> Scenario:
    """``others: reference`` pins every knob that ``parameters`` does not name to its reference value."""
    others = document.get("others", "free")
    if others not in ("free", "reference"):
        raise UnknownNameError("choice for key 'others'", others, ("free", "reference"))
    if others == "free":
        return scenario
    if not scenario.reference:
        raise ScenarioError("key 'others: reference' needs a reference design (key 'reference')")
    names = scenario.simulators[0].space.names
    pinned = {n: [scenario.reference[n]] for n in names if n in scenario.reference}
    out = dataclasses.replace(scenario, parameters=pinned | dict(scenario.parameters))
    out.__dict__["simulators"] = scenario.simulators
    return out


def _placeholder() -> Objective:
    return Objective(Expression("?", (("?", 1),)))


def _objectives(items: Any, metrics: Sequence[Any]) -> list[Objective]:
    out = []
    for item in items if isinstance(items, list) else [items]:
        entry = {"metric": item} if isinstance(item, str) else item
        if not isinstance(entry, dict) or "metric" not in entry:
            raise ScenarioError(
                f"an objective is a metric's name or a mapping with 'metric', got {item!r}"
            )
        known_keys(entry, OBJECTIVE_KEYS, "key in an objective")
        expression = Expression.parse(str(entry["metric"]), metrics)
        unit = expression.unit(metrics)
        bounds = {
            key: parse_quantity(entry[key], unit) for key in ("reference", "target") if key in entry
        }
        out.append(
            Objective(
                expression, entry.get("goal", "minimize"), float(entry.get("weight", 1.0)), **bounds
            )
        )
    return out


def _spec(name: str, bounds: Any, unit: str) -> Spec:
    if isinstance(bounds, str):
        text = bounds.strip()
        for sign, key in (("<=", "upper"), (">=", "lower")):
            if text.startswith(sign):
                return Spec(name, **{key: parse_quantity(text[2:], unit)})
        raise ScenarioError(
            f"spec {name!r}: expected '<= number unit' or '>= number unit', got {bounds!r}"
        )
    if not isinstance(bounds, dict):
        raise ScenarioError(
            f"spec {name!r}: expected '<= …' or a mapping with upper and lower, got {bounds!r}"
        )
    known_keys(bounds, SPEC_KEYS, f"key in spec {name!r}")
    return Spec(name, **{key: parse_quantity(value, unit) for key, value in bounds.items()})


def _with_references(scenario: Scenario) -> Scenario:
    """Objectives without a reference value take that of the reference design, when first needed."""
    space = scenario.space  # raises on unknown parameters or values
    if scenario.reference:
        space.encode(scenario.reference)
    needs = [o for o in scenario.objectives if o.reference is None]
    if not needs:
        return scenario
    if not scenario.reference:
        if scenario.reward == "satisfy-then-improve":
            raise ScenarioError(
                "the reward 'satisfy-then-improve' needs a reference design (key 'reference') or a "
                f"reference value for the objective {needs[0].name!r}"
            )
        return scenario
    evaluation = scenario.reference_evaluation
    assert evaluation is not None
    if not evaluation.feasible[0]:
        raise ScenarioError(f"the reference design is infeasible: {evaluation.reason(0)}")
    objectives = tuple(
        o
        if o.reference is not None
        else dataclasses.replace(o, reference=float(o.expression(evaluation.metrics)[0]))
        for o in scenario.objectives
    )
    final = dataclasses.replace(scenario, objectives=objectives)
    for name in ("simulators", "space", "reference_design", "reference_evaluation"):
        if name in scenario.__dict__:
            final.__dict__[name] = scenario.__dict__[name]
    return final


def _mapping(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        raise ScenarioError(f"key {key!r}: expected a mapping, got {value!r}")
    return value


def _whole(value: Any, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ScenarioError(f"key {key!r}: expected a whole number, got {value!r}")
    return value
