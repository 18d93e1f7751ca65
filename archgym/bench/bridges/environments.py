"""Ids of Gymnasium for the tasks of the suite; importing this module registers them.

    gymnasium.make("archgym.bench.bridges.environments:archgym-bench/serving-llama-70b-chat-v2")
    mo_gymnasium.make("archgym.bench.bridges.environments:archgym-bench/serving-llama-70b-front-v2")

A step proposes a whole design. Tasks of several objectives have one reward an objective, in the form of
MO-Gymnasium. The version is the suite's.
"""

from __future__ import annotations

from typing import Any

from ..suite import load_suite
from .names import file_name

SPACE = "archgym-bench"


def id_of(task: str, version: int) -> str:
    """The id of a task.

    Args:
        task: its name.
        version: of the suite.

    Returns:
        Such as ``archgym-bench/serving-llama-70b-chat-v2``.
    """
    return f"{SPACE}/{file_name(task)}-v{version}"


def make_task(task: str, **settings: Any) -> Any:
    """The environment of a task.

    Args:
        task: its name.
        **settings: of the environment, such as ``actions`` or ``render_mode``.

    Returns:
        A ``DesignEnv``, or a ``MultiObjectiveDesignEnv`` where the task has several objectives.
    """
    from ...environments.design import DesignEnv
    from ...environments.multi_objective import MultiObjectiveDesignEnv
    from ...goals.scenario_file import load_scenario

    scenario = load_scenario(task)
    kind = MultiObjectiveDesignEnv if scenario.k > 1 else DesignEnv
    return kind(scenario, **settings)


def register_tasks() -> list[str]:
    """Register every task of the suite that is not yet.

    Returns:
        The ids of all tasks.
    """
    from gymnasium.envs.registration import register, registry

    suite = load_suite()
    ids = {id_of(name, suite.version): name for name in suite.tasks}
    for identity, name in ids.items():
        if identity not in registry:
            register(id=identity, entry_point=f"{__name__}:make_task", kwargs={"task": name})
    return list(ids)


register_tasks()
