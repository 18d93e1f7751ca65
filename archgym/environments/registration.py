"""Register every environment with Gymnasium; ``import archgym`` does it.

Gymnasium 1.x has no plugin mechanism any more: a program says ``import archgym`` first, or names the
module in the id, ``gym.make("archgym:archgym/DRAM-v0")``.
"""

from __future__ import annotations

# environment name -> the scenario it stands for when none is given
DOMAINS = {
    "Accelerator": "accelerator/alexnet-archgym",
    "BlockPPA": "ffet/picorv32-frequency",
    "CoDesign": "codesign/w1-joint",
    "DRAM": "dram/stream-low-power",
    "Mapping": "mapping/resnet18-conv2-loops",
    "SoC": "soc/audio-budgets",
}
# the same with several objectives: a scenario, and objectives where they are not its own
MULTI_OBJECTIVE: dict[str, dict[str, object]] = {
    "Accelerator": {"scenario": "accelerator/mobilenet-v2-eyeriss-front"},
    "BlockPPA": {"scenario": "ffet/picorv32-front"},
    "CoDesign": {
        "scenario": DOMAINS["CoDesign"],
        "objectives": ({"metric": "accuracy", "goal": "maximize"}, "latency", "energy", "area"),
    },
    "DRAM": {"scenario": "dram/bfs-10k-front"},
    "Mapping": {"scenario": DOMAINS["Mapping"], "objectives": ("energy", "latency", "area")},
    "SoC": {"scenario": "soc/audio-front"},
}


def register_all() -> None:
    """Register ``archgym/<Domain>-v0``, ``…Sequential-v0`` and, with vector rewards, ``…MO-v0``."""
    from gymnasium.envs.registration import register, registry

    if f"archgym/{next(iter(DOMAINS))}-v0" in registry:
        return

    for domain, scenario in DOMAINS.items():
        register(
            id=f"archgym/{domain}-v0",
            entry_point="archgym.environments.design:DesignEnv",
            vector_entry_point="archgym.environments.vector:DesignVectorEnv",
            kwargs={"scenario": scenario},
        )
        register(
            id=f"archgym/{domain}Sequential-v0",
            entry_point="archgym.environments.sequential:SequentialDesignEnv",
            kwargs={"scenario": scenario},
        )
        register(
            id=f"archgym/{domain}MO-v0",
            entry_point="archgym.environments.multi_objective:MultiObjectiveDesignEnv",
            kwargs=MULTI_OBJECTIVE[domain],
        )
