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


def register_all() -> None:
    """Register ``archgym/<Domain>-v0`` and ``archgym/<Domain>Sequential-v0``."""
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
