"""What links names to classes: strings, imported when used.

What a domain offers comes from its own object (:mod:`archgym.domains`).  Third parties add from their own
packages through the entry-point groups ``archgym.domains``, and one by one ``archgym.simulators``,
``archgym.agents``, ``archgym.cost_models`` and ``archgym.answers``.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from . import trust
from .domains import domains
from .errors import UnknownNameError
from .extras import explained, extra_of

BUILT_IN: dict[str, dict[str, str]] = {
    "agents": {
        "a2c": "archgym.agents.policy_gradient:A2c",
        "ant_colony": "archgym.agents.ant_colony:AntColony",
        "bayesian_optimization": "archgym.agents.bayesian_optimization:BayesianOptimization",
        "botorch": "archgym.agents.botorch_agent:BotorchOptimization",
        "cma_es": "archgym.agents.cma_es:CmaEs",
        "coordinate_descent": "archgym.agents.coordinate_descent:CoordinateDescent",
        "differential_evolution": "archgym.agents.pymoo_agents:DifferentialEvolution",
        "dqn": "archgym.agents.sequential_learning:Dqn",
        "farsi": "archgym.agents.farsi:Farsi",
        "gamma": "archgym.agents.gamma:Gamma",
        "genetic_algorithm": "archgym.agents.genetic_algorithm:GeneticAlgorithm",
        "grid": "archgym.agents.grid:GridSearch",
        "guided": "archgym.agents.guided:Guided",
        "transfer": "archgym.agents.transfer:Transfer",
        "hill_climbing": "archgym.agents.hill_climbing:HillClimbing",
        "latin_hypercube": "archgym.agents.space_filling:LatinHypercube",
        "maskable_ppo": "archgym.agents.sequential_learning:MaskablePpo",
        "nasaic": "archgym.agents.nasaic:Nasaic",
        "nasaic-2020": "archgym.agents.nasaic_2020:Nasaic2020",
        "nsga2": "archgym.agents.pymoo_agents:Nsga2",
        "particle_swarm": "archgym.agents.pymoo_agents:ParticleSwarm",
        "portfolio": "archgym.agents.portfolio:Portfolio",
        "ppo": "archgym.agents.policy_gradient:Ppo",
        "random_walk": "archgym.agents.random_walk:RandomWalk",
        "reinforce_controller": "archgym.agents.reinforce_controller:ReinforceController",
        "sac": "archgym.agents.soft_actor_critic:Sac",
        "simulated_annealing": "archgym.agents.simulated_annealing:SimulatedAnnealing",
        "sobol": "archgym.agents.space_filling:Sobol",
        "successive_halving": "archgym.agents.successive_halving:SuccessiveHalving",
        "tpe": "archgym.agents.tpe:Tpe",
    },
    "cost_models": {
        "gaussian_process": "archgym.cost_models.gaussian_process:GaussianProcess",
        "gradient_boosting": "archgym.cost_models.gradient_boosting:GradientBoosting",
        "lightgbm": "archgym.cost_models.lightgbm_boosting:LightgbmBoosting",
        "mlp_ensemble": "archgym.cost_models.mlp_ensemble:MlpEnsemble",
        "random_forest": "archgym.cost_models.random_forest:RandomForest",
        "ridge": "archgym.cost_models.ridge:Ridge",
    },
    # who answers: `--answers NAME[:ARGUMENT]`
    "answers": {
        "escalating": "archgym.answers.goal_aware:open_answers",
        "fidelity": "archgym.answers.fidelity:open_answers",
        "exact": "archgym.answers.exact:open_answers",
        "proxy": "archgym.answers.proxied:open_answers",
        "table": "archgym.answers.table:open_answers",
    },
}
# kinds whose built-in names come from the domains
OF_DOMAINS = ("simulators", "workloads", "validators", "readers", "twins", "validated")


@cache
def table(kind: str) -> dict[str, str]:
    """Every registered name of a kind with its entry point.

    Args:
        kind: a key of :data:`BUILT_IN`, or one of :data:`OF_DOMAINS`.

    Returns:
        ``module:attribute`` by name, sorted by name; built-in names win over those of other packages.
    """
    found = dict(BUILT_IN.get(kind, {}))
    for domain in domains().values() if kind in OF_DOMAINS else ():
        if kind == "validators":
            found |= {domain.name: domain.validator} if domain.validator else {}
        else:
            found |= getattr(domain, kind)
    for point in entry_points(group=f"archgym.{kind}"):
        found.setdefault(point.name, point.value)
    return dict(sorted(found.items()))


def names(kind: str) -> list[str]:
    """Every registered name of a kind.

    Args:
        kind: as of :func:`table`.

    Returns:
        Names, sorted.
    """
    return list(table(kind))


def summary(kind: str, name: str) -> str:
    """The first line of a class's docstring, read from its source: nothing is imported.

    Args:
        kind: as of :func:`table`.
        name: a registered name.

    Returns:
        The line; '' where the class has no docstring or its source cannot be read.

    Raises:
        KeyError: the name is not registered.
    """
    attribute = table(kind)[name].partition(":")[2]
    for node in _parsed(kind, name).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").split("\n")[0]
    return ""


def extra_needed(kind: str, name: str) -> str:
    """The extra that an agent or a cost model needs, read from the imports in its source.

    Args:
        kind: ``agents`` or ``cost_models``.
        name: a registered name.

    Returns:
        The extra's name; '' where the base suffices.

    Raises:
        KeyError: the name is not registered.
    """
    for node in ast.walk(_parsed(kind, name)):
        if isinstance(node, ast.Import):
            modules = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        else:
            continue
        found = [e for m in modules if (e := extra_of(m)) is not None]
        # BoTorch brings torch, which alone would mean another extra
        if found and not (found[0].name == "rl" and "botorch" in name):
            return found[0].name
    return ""


def _parsed(kind: str, name: str) -> ast.Module:
    """The source of the module that holds a name; empty where it cannot be read."""
    module = table(kind)[name].partition(":")[0]
    try:
        spec = find_spec(module)
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    except (ImportError, OSError):
        source = ""
    return ast.parse(source)


def load(kind: str, name: str, *, registered_only: bool = False) -> Any:
    """The class or function behind a name, or behind an import path.

    Import paths are ``my_package.cache:Cache`` and ``FILE.py:Cache``.

    Args:
        kind: a key of :data:`BUILT_IN`, or one of :data:`OF_DOMAINS`.
        name: a registered name, or an import path.
        registered_only: refuse import paths; for names that come from data files.

    Returns:
        The class or function itself, not an instance.

    Raises:
        UnknownNameError: not registered, and no import path that works.
        MissingExtraError: it needs a package that is not installed.
        TrustError: an import path out of a file that nobody has vouched for.
    """
    known = table(kind)
    noun = kind.rstrip("s").replace("_", " ")
    if name not in known and (registered_only or ":" not in name):
        raise UnknownNameError(noun, name, known)
    if name not in known and trust.untrusted():
        trust.require(f"{noun} {name!r} (no registered name)", trust.untrusted())
    entry = known.get(name, name)
    try:
        return load_entry(entry, f"{noun} {name!r}")
    except ModuleNotFoundError as error:
        module = entry.rpartition(":")[0]
        if name not in known and (error.name or "") in (module, module.partition(".")[0]):
            hint = f"(module {error.name!r} cannot be imported)"
            raise UnknownNameError(noun, name, known, hint) from error
        raise


def load_entry(entry: str, what: str) -> Any:
    """What an entry point ``module:attribute`` (or ``FILE.py:attribute``) stands for.

    Args:
        entry: the entry point; the attribute may be dotted.
        what: what needs it, for the error.

    Returns:
        The attribute of the module, imported.

    Raises:
        UnknownNameError: no such file, or no such attribute in the module.
        MissingExtraError: it needs a package that is not installed.
        ModuleNotFoundError: no such module.
    """
    module, _, attribute = entry.rpartition(":")
    try:
        found: Any = module_of_file(module) if module.endswith(".py") else import_module(module)
    except ModuleNotFoundError as error:
        told = explained(error, what)
        if told is None:
            raise
        raise told from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UnknownNameError(f"name in module {module!r}:", attribute, vars(found))
        found = getattr(found, part)
    return found


def workload_names(simulator: str) -> list[str]:
    """The named workloads of a registered simulator: its domain's list, or its class's own.

    Args:
        simulator: a registered name.

    Returns:
        Names; empty where every workload is a file or there is none.

    Raises:
        UnknownNameError: the simulator is not registered.
    """
    if simulator in table("workloads"):
        listed = load("workloads", simulator)
    else:
        listed = getattr(load("simulators", simulator), "workload_names", None)
    return list(listed()) if listed else []


@cache
def module_of_file(path: str) -> ModuleType:
    """Import the module in a file. It can import modules that lie beside it.

    Args:
        path: of the .py file.

    Returns:
        The module; the same one each time a path is given again.

    Raises:
        UnknownNameError: there is no such file.
    """
    file = Path(path)
    if not file.is_file():
        raise UnknownNameError("file", path, [], "(a simulator's file must exist)")
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules.setdefault(file.stem, module)
    spec.loader.exec_module(module)
    return module
