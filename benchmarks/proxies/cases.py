"""What the study of proxies trains on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DRAM4 = ("stream", "random", "cloud-1", "cloud-2")
FOREST = ("random_forest", {})
BOOSTING = ("gradient_boosting", {})
NETWORK = ("mlp_ensemble", {"members": 1, "width": 256, "depth": 3})
STEPS = 62_000  # of 256 rows: 800 passes over 20,000 rows


@dataclass(frozen=True)
class Case:
    """A scenario, how many designs train and test, and the metrics that the bar is about."""

    name: str
    scenario: str
    train: int
    test: int
    metrics: tuple[str, ...]
    workloads: int = 1

    def models(self) -> list[tuple[str, dict[str, Any]]]:
        """Every model with its hyperparameters; the network takes the same steps on any data."""
        rows = self.train * self.workloads
        epochs = min((50, 100, 200, 400, 800), key=lambda e: abs(e * rows / 256 - STEPS))
        return [FOREST, BOOSTING, (NETWORK[0], {**NETWORK[1], "epochs": epochs})]


CASES = [
    *(
        Case(f"dram-{t}", f"dram/{t}-joint", 20_000, 5_000, ("total_time", "energy", "power"))
        for t in DRAM4
    ),
    Case("dram-full-bfs", "dram/bfs-low-latency", 20_000, 5_000, ("mean_latency", "energy")),
    Case("dram-full-programs", "dram/programs-joint", 20_000, 5_000, ("mean_latency", "energy"), 6),
    Case("accelerator-eyeriss", "accelerator/resnet18-eyeriss-edp", 20_000, 5_000, ("latency", "energy")),
    Case("accelerator-archgym", "accelerator/alexnet-archgym", 20_000, 5_000, ("latency", "energy")),
    Case("mapping-loops", "mapping/resnet18-conv2-loops", 100_000, 25_000, ("latency", "energy")),
    Case("soc-audio", "soc/audio-budgets", 20_000, 5_000, ("latency", "power", "area")),
    Case("block-ppa", "ffet/mac16-frequency", 3_000, 1_000, ("running_frequency", "power", "core_area")),
]  # fmt: skip
