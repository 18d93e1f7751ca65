"""The one table that links names to classes: strings here, imported when used.

Third parties add to it from their own packages through the entry-point groups
``archgym.simulators``, ``archgym.agents``, ``archgym.cost_models`` and ``archgym.commands``.
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

from .errors import MissingExtraError, UnknownNameError

BUILT_IN: dict[str, dict[str, str]] = {
    "simulators": {
        "accelerator": "archgym.simulators.accelerator:AcceleratorSimulator",
        "codesign": "archgym.simulators.codesign:CoDesignSimulator",
        "dram": "archgym.simulators.dram:DRAMSimulator",
        "ffet": "archgym.simulators.ffet:BlockPPASimulator",
        "mapping": "archgym.simulators.accelerator:MappingSimulator",
        "soc": "archgym.simulators.soc:SoCSimulator",
        "subprocess": "archgym.simulators.external:SubprocessSimulator",
    },
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
        "hill_climbing": "archgym.agents.hill_climbing:HillClimbing",
        "latin_hypercube": "archgym.agents.space_filling:LatinHypercube",
        "maskable_ppo": "archgym.agents.sequential_learning:MaskablePpo",
        "nasaic": "archgym.agents.nasaic:Nasaic",
        "nsga2": "archgym.agents.pymoo_agents:Nsga2",
        "particle_swarm": "archgym.agents.pymoo_agents:ParticleSwarm",
        "portfolio": "archgym.agents.portfolio:Portfolio",
        "ppo": "archgym.agents.policy_gradient:Ppo",
        "random_walk": "archgym.agents.random_walk:RandomWalk",
        "reinforce_controller": "archgym.agents.reinforce_controller:ReinforceController",
        "sac": "archgym.agents.soft_actor_critic:Sac",
        "simulated_annealing": "archgym.agents.simulated_annealing:SimulatedAnnealing",
        "sobol": "archgym.agents.space_filling:Sobol",
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
        "exact": "archgym.answers.exact:open_answers",
        "proxy": "archgym.answers.proxied:open_answers",
        "table": "archgym.answers.table:open_answers",
    },
    # extra words of the command line: `archgym trace …`, `archgym validate NAME`
    "commands": {
        "accelerator": "archgym.simulators.accelerator.command:main",
        "ffet": "archgym.simulators.ffet.command:main",
        "layout": "archgym.simulators.ffet.layout_command:main",
        "netlist": "archgym.simulators.ffet.netlist_command:main",
        "schedule": "archgym.simulators.codesign.command:main",
        "soc": "archgym.simulators.soc.command:main",
        "trace": "archgym.simulators.dram.command:main",
    },
    "validators": {
        "accelerator": "archgym.simulators.accelerator.validation:main",
        "codesign": "archgym.simulators.codesign.validation:main",
        "dram": "archgym.simulators.dram.validation:main",
        "ffet": "archgym.simulators.ffet.validation:main",
        "soc": "archgym.simulators.soc.validation:main",
    },
}
# which extra brings a package that some leaf imports
EXTRAS = {
    "pymoo": "search",
    "cma": "search",
    "optuna": "search",
    "botorch": "search",
    "sb3_contrib": "search",
    "lightgbm": "lightgbm",
    "onnx": "onnx",
    "minari": "minari",
    "plotly": "report",
    "pyarrow": "data",
    "ray": "ray",
}


@cache
def table(kind: str) -> dict[str, str]:
    """Every registered name of a kind with its entry point."""
    found = dict(BUILT_IN[kind])
    for point in entry_points(group=f"archgym.{kind}"):
        found.setdefault(point.name, point.value)
    return dict(sorted(found.items()))


def names(kind: str) -> list[str]:
    """Every registered name of a kind."""
    return list(table(kind))


def summary(kind: str, name: str) -> str:
    """The first line of a class's docstring, read from its source: nothing is imported."""
    module, _, attribute = table(kind)[name].partition(":")
    try:
        spec = find_spec(module)
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    except (ImportError, OSError):
        return ""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").split("\n")[0]
    return ""


def load(kind: str, name: str, *, registered_only: bool = False) -> Any:
    """The class or function behind a name, or behind a path: ``my_package.cache:Cache``, ``FILE.py:Cache``.

    Args:
        kind: a key of :data:`BUILT_IN`.
        name: a registered name, or an import path.
        registered_only: refuse import paths; for names that come from data files.

    Raises:
        UnknownNameError: not registered; MissingExtraError: it needs a package not installed.
    """
    known = table(kind)
    noun = kind.rstrip("s").replace("_", " ")
    if name not in known and (registered_only or ":" not in name):
        raise UnknownNameError(noun, name, known)
    module, _, attribute = known.get(name, name).rpartition(":")
    try:
        found = _module_of_file(module) if module.endswith(".py") else import_module(module)
    except ModuleNotFoundError as error:
        if name not in known and (error.name or "") in (module, module.partition(".")[0]):
            hint = f"(module {error.name!r} cannot be imported)"
            raise UnknownNameError(noun, name, known, hint) from error
        root = (error.name or "").partition(".")[0]
        if root in EXTRAS:
            raise MissingExtraError(f"{noun} {name!r}", root, EXTRAS[root]) from error
        raise
    if not hasattr(found, attribute):
        raise UnknownNameError(f"name in module {module!r}:", attribute, vars(found))
    return getattr(found, attribute)


@cache
def _module_of_file(path: str) -> ModuleType:
    """The module in a file; modules beside it can be imported by it."""
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
