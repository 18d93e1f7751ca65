"""What archgym can do with packages that a plain installation leaves out, and which extra brings them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .errors import MissingExtraError


@dataclass(frozen=True)
class Extra:
    """One extra of ``pip install 'archgym[NAME]'``.

    Attributes:
        name: of the extra.
        packages: what it brings, by the names they are imported by.
        purpose: what it is for, in words.
    """

    name: str
    packages: tuple[str, ...]
    purpose: str

    @property
    def missing(self) -> tuple[str, ...]:
        """Its packages that are not installed."""
        return tuple(p for p in self.packages if not installed(p))

    @property
    def command(self) -> str:
        """How to install it."""
        return f"pip install 'archgym[{self.name}]'"


EXTRAS = (
    Extra(
        "rl",
        ("torch", "stable_baselines3", "sb3_contrib"),
        "agents a2c, dqn, maskable_ppo, nasaic, nasaic-2020, ppo, reinforce_controller and sac; cost model "
        "mlp_ensemble; archgym propose; networks of PyTorch as workloads",
    ),
    Extra(
        "search",
        ("optuna", "pymoo"),
        "agents tpe, nsga2, differential_evolution and particle_swarm; Optuna and pymoo adapters",
    ),
    Extra("botorch", ("torch", "botorch"), "agent botorch and its adapter"),
    Extra(
        "outside",
        ("ConfigSpace", "cmaes", "nevergrad", "smac"),
        "optimisers of other libraries for archgym bench (archgym.bench.outside)",
    ),
    Extra("plots", ("matplotlib",), "pictures as files: runs, comparisons, layouts, schedules, rendering"),
    Extra("report", ("kaleido",), "figures of a sweep's report as PNG files"),
    Extra("graphs", ("networkx",), "task graphs in GraphML"),
    Extra("onnx", ("onnx",), "networks in ONNX files"),
    Extra("chakra", ("google.protobuf",), "execution traces of Chakra as workloads of clusters"),
    Extra("lightgbm", ("lightgbm",), "cost model lightgbm"),
    Extra("ray", ("ray",), "sweeps on a Ray cluster"),
    Extra("server", ("psycopg", "sqlalchemy"), "stores on a PostgreSQL server, for sweeps on many machines"),
    Extra("minari", ("minari",), "export to Minari data sets"),
    Extra("tensorboard", ("tensorboardX",), "logger of runs for TensorBoard"),
    Extra("mlflow", ("mlflow",), "logger of runs for MLflow"),
    Extra("wandb", ("wandb",), "logger of runs for Weights & Biases"),
    Extra("mcp", ("mcp",), "archgym serve: games for assistants that speak the Model Context Protocol"),
    Extra("openenv", ("openenv",), "archgym serve --openenv: games for clients of OpenEnv"),
    Extra("layout", ("klayout",), "checks of exported layouts by KLayout"),
)  # fmt: skip


def extra_of(package: str) -> Extra | None:
    """The first extra that brings a package.

    Args:
        package: the name that it is imported by, such as ``google.protobuf``.

    Returns:
        The extra, or None where no extra brings it.
    """
    return next((e for e in EXTRAS if any(_holds(p, package) for p in e.packages)), None)


def _holds(package: str, module: str) -> bool:
    """Whether a module is of a package, or the namespace that the package lies in."""
    return f"{module}.".startswith(f"{package}.") or package.startswith(f"{module}.")


def installed(package: str) -> bool:
    """Whether a package can be imported; nothing is imported to find out.

    Args:
        package: the name that it is imported by; it may be dotted.

    Returns:
        Whether it is there.
    """
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the namespace that it lies in is not there
        return False


def explained(error: ModuleNotFoundError, what: str) -> MissingExtraError | None:
    """The error that names the extra to install.

    Args:
        error: of an import that failed.
        what: what needs the module.

    Returns:
        The error, not raised; None where no extra brings the missing module.
    """
    module = error.name or ""
    extra = extra_of(module)
    if extra is None:
        return None
    package = next(p for p in extra.packages if _holds(p, module))
    return MissingExtraError(what, package, extra.name)


def need(module: str, what: str) -> Any:
    """Import a module that an extra brings.

    Args:
        module: its dotted name.
        what: what needs it, for the error.

    Returns:
        The module.

    Raises:
        MissingExtraError: it is not installed, and an extra brings it.
        ModuleNotFoundError: it is not installed, and no extra brings it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        told = explained(error, what)
        if told is None:
            raise
        raise told from error
