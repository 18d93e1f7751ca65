"""Scenarios as documents: read, checked, put on other workloads, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .. import trust
from ..contracts.evaluation import Metric
from ..contracts.making import make_simulators, simulator_settings
from ..documents import Faults, known_keys, located, read_yaml
from ..domains import domains
from ..errors import ScenarioError, UnknownNameError
from ..space import check_settings
from .adapting import adapted, measured, within
from .bounds import parse_bound
from .document import DEFAULTS, SPEC_KEYS
from .objectives import Expression, Objective, Spec
from .places import in_its_folder
from .reference import completed
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
    "notes",
)
# what names, describes or measures out a search; all other keys say what is searched for
AROUND_THE_GOAL = ("name", "description", "workload", "workloads", "budget", "notes")
OBJECTIVE_KEYS = ("metric", "goal", "weight", "reference", "target", "compare", "scale")


def folder() -> Path:
    """The folder of the scenarios that ship."""
    return Path(str(resources.files("archgym.scenarios")))


def shipped() -> dict[str, Path]:
    """Every scenario that ships, by name (``dram/stream-low-power``), third parties' domains included."""
    root = folder()
    found = {
        path.relative_to(root).with_suffix("").as_posix(): path
        for path in sorted(root.rglob("*.yaml"))
        if not {"studies", "suites", "architectures", "programs", "certified"}
        & set(path.relative_to(root).parts)
    }
    for domain in domains().values():
        spec = find_spec(domain.scenarios) if domain.scenarios else None
        for place in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(place).glob("*.yaml")):
                found.setdefault(f"{domain.name}/{path.stem}", path)
    return found


def load_scenario(
    name: str | Path | Scenario,
    workload: str | Sequence[str] | None = None,
    config: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario of a name or of a YAML file, optionally on other workloads or with other values.

    Args:
        name: of a scenario that ships, the path of a ``.yaml`` file, or a scenario.
        workload: other workloads (names or paths); what does not fit them is left out and noted.
        config: single settings of the simulator (``{"semantics": "jedec"}``).
        changes: other values for keys of the document: ``objectives``, ``budget``, ``reward`` … replace;
            ``specs``, ``parameters`` and ``reference`` are merged in by name, None removes an entry.

    Returns:
        The scenario, checked.

    Raises:
        UnknownNameError: no such scenario; ScenarioError: the document makes no sense.
        TrustError: a file inside a run or sweep that names code outside the registry.
    """
    if isinstance(name, Scenario):
        if workload is None and not config and not changes:
            return name
        document, where, place = name.document, name.name, name.untrusted
    else:
        path = _path_of(str(name))
        document, where = in_its_folder(read_yaml(path), path.parent), str(path)
        inside = trust.written_by_archgym(path)
        place = trust.untrusted() or (str(path) if inside else "")
    with trust.reading(place):
        return from_document(
            changed(document, workload, config, changes),
            where,
            foreign=workload is not None,
            changes=changes or {},
        )


def _path_of(name: str) -> Path:
    known = shipped()
    if name in known:
        return known[name]
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    raise UnknownNameError("scenario", name, known, "(or give the path of a .yaml file)")


def changed(
    document: Mapping[str, Any],
    workload: str | Sequence[str] | None = None,
    config: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A document with some of its values replaced, see :func:`load_scenario`.

    Args:
        document: of a scenario.
        workload: other workloads; None: its own.
        config: settings of the simulator to replace.
        changes: other values by key of the document.

    Returns:
        A new document; the given one stays as it is.
    """
    out = dict(document)
    if workload is not None:
        out.pop("workload", None)
        out["workloads"] = [workload] if isinstance(workload, str) else [str(w) for w in workload]
    if config:
        out["config"] = {**(out.get("config") or {}), **config}
    for key, value in (changes or {}).items():
        if key in ("specs", "parameters", "reference"):
            merged = {**(out.get(key) or {}), **value}
            out[key] = {k: v for k, v in merged.items() if v is not None}
        else:
            out[key] = value
    return out


def from_document(
    document: Mapping[str, Any],
    where: str = "scenario",
    foreign: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """A scenario from the mapping that a YAML file holds.

    With ``foreign``, the document was written for other workloads: knobs and values that do not exist
    on this one are left out of ``reference`` and ``parameters``, and noted, and so are specs on metrics that
    it does not have.  ``changes`` are those that were made since it was written: they are held to what
    exists, and where they pin knobs, the reference design takes a value that is left.

    Args:
        document: keys as of a scenario's YAML file.
        where: the document stands, for errors.
        foreign: whether it was written for other workloads.
        changes: made since it was written, by key.

    Returns:
        The scenario, checked.

    Raises:
        ScenarioError: names every fault of the document.
    """
    with located(where):
        return _build(document, foreign, changes or {})


def _build(document: Mapping[str, Any], foreign: bool, changes: Mapping[str, Any]) -> Scenario:
    known_keys(document, KEYS, "key in the scenario")
    faults = Faults()
    for key in ("name", "simulator", "objectives"):
        if key not in document:
            faults.add(f"key {key!r} is missing; a scenario needs name, simulator, objectives")
    workloads = document.get("workloads", document.get("workload"))
    if workloads is None:
        faults.add("key 'workload' (or 'workloads') is missing")
    config, parameters, specs, reference = (
        faults.mapping(document, key) for key in ("config", "parameters", "specs", "reference")
    )
    budget = faults.whole(document, "budget", 1000, least=1)
    rho = faults.number(document, "rho", 10.0, least=0.0)
    others = document.get("others", "free")
    if others not in ("free", "reference"):
        raise UnknownNameError("choice for key 'others'", others, ("free", "reference"))
    if others == "reference" and not reference:
        faults.add("key 'others: reference' needs a reference design (key 'reference')")
    faults.raise_if_any()
    names = tuple(str(w) for w in (workloads if isinstance(workloads, list) else [workloads]))
    simulator = str(document["simulator"])
    config = check_settings(f"simulator {simulator!r}", simulator_settings(simulator), config)
    simulators = make_simulators(simulator, names, config)
    space, metrics = simulators[0].space, simulators[0].metrics
    if others == "reference":
        pinned = {n: [reference[n]] for n in space.names if n in reference}
        parameters = pinned | parameters
    notes = [str(n) for n in document.get("notes") or []]
    if foreign:
        parameters, reference, more = adapted(parameters, reference, simulators[0])
        notes += more
        specs, more = measured(specs, simulators[0], changes.get("specs", ()))
        notes += more
    chosen = {n: v if isinstance(v, list) else [v] for n, v in parameters.items()}
    left = space.narrowed(chosen)  # raises on unknown parameters or values
    if "parameters" in changes:
        reference, more = within(reference, left)
        notes += more
    made_objectives = _objectives(document["objectives"], metrics, faults)
    made_specs = _specs(specs, metrics, faults)
    faults.raise_if_any()
    scenario = Scenario(
        name=str(document["name"]),
        simulator=simulator,
        workloads=names,
        objectives=tuple(made_objectives),
        description=str(document.get("description", "")),
        config=config,
        parameters=chosen,
        specs=tuple(made_specs),
        reward=str(document.get("reward", DEFAULTS["reward"])),
        rho=rho,
        aggregate=document.get("aggregate", DEFAULTS["aggregate"]),
        reference=reference,
        budget=budget,
        notes=tuple(notes),
        built=simulators,
    )
    if reference:
        with located("reference"):  # unknown parameters or values; evaluates nothing
            completed(scenario.space, simulators[0], reference)
    return scenario


def _objectives(items: Any, metrics: Sequence[Metric], faults: Faults) -> list[Objective]:
    out = []
    signed = {m.name for m in metrics if m.signed}
    for item in items if isinstance(items, list) else [items]:
        entry = {"metric": item} if isinstance(item, str) else item
        if not isinstance(entry, dict) or "metric" not in entry:
            faults.add(f"an objective is a metric's name or a mapping with 'metric', got {item!r}")
            continue
        known_keys(entry, OBJECTIVE_KEYS, "key in an objective")
        expression = Expression.parse(str(entry["metric"]), metrics)
        unit = expression.unit(metrics)
        with faults.collected(f"objective {expression.text!r}"):
            bounds: dict[str, Any] = {
                key: parse_bound(entry[key], unit)
                for key in ("reference", "target")
                if key in entry
            }
            if "scale" in entry:
                bounds["scale"] = parse_bound(entry["scale"], unit)
            default = "difference" if signed & {n for n, _ in expression.factors} else "ratio"
            weight = faults.number(entry, "weight", 1.0)
            out.append(
                Objective(
                    expression,
                    entry.get("goal", "minimize"),
                    weight,
                    compare=entry.get("compare", default),
                    **bounds,
                )
            )
    return out


def _specs(specs: Mapping[str, Any], metrics: Sequence[Metric], faults: Faults) -> list[Spec]:
    units = {m.name: m.unit for m in metrics}
    out = []
    for name, bounds in specs.items():
        if name not in units:
            raise UnknownNameError("metric in specs:", name, units)
        with faults.collected(f"spec {name!r}"):
            out.append(_spec(name, bounds, units[name]))
            out[-1].check_reachable(metrics)
    return out


def _spec(name: str, bounds: Any, unit: str) -> Spec:
    if isinstance(bounds, str):
        text = bounds.strip()
        for sign, key in (("<=", "upper"), (">=", "lower")):
            if text.startswith(sign):
                return Spec(name, **{key: parse_bound(text[2:], unit)})
        raise ScenarioError(f"expected '<= number unit' or '>= number unit', got {bounds!r}")
    if not isinstance(bounds, dict):
        raise ScenarioError(f"expected '<= …' or a mapping with upper and lower, got {bounds!r}")
    known_keys(bounds, SPEC_KEYS, f"key in spec {name!r}")
    return Spec(name, **{key: parse_bound(value, unit) for key, value in bounds.items()})
