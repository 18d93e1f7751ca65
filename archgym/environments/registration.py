"""Register every domain's environments with Gymnasium; ``import archgym`` does it.

Gymnasium 1.x has no plugin mechanism any more: a program says ``import archgym`` first, or names the
module in the id, ``gym.make("archgym:archgym/DRAM-v0")``.
"""

from __future__ import annotations

from ..domains import domains


def register_all() -> None:
    """Register ``<id>-v0``, ``<id>Sequential-v0`` and, with vector rewards, ``<id>MO-v0`` of every domain."""
    from gymnasium.envs.registration import register, registry

    for domain in domains().values():
        for name, scenario in domain.environment_ids.items():
            if f"{name}-v0" in registry:
                continue
            register(
                id=f"{name}-v0",
                entry_point="archgym.environments.design:DesignEnv",
                vector_entry_point="archgym.environments.vector:DesignVectorEnv",
                kwargs={"scenario": scenario},
            )
            register(
                id=f"{name}Sequential-v0",
                entry_point="archgym.environments.sequential:SequentialDesignEnv",
                kwargs={"scenario": scenario},
            )
        for name, arguments in domain.multi_objective_ids.items():
            if f"{name}MO-v0" not in registry:
                register(
                    id=f"{name}MO-v0",
                    entry_point="archgym.environments.multi_objective:MultiObjectiveDesignEnv",
                    kwargs=dict(arguments),
                )
