"""The deployments that were measured, as designs."""

from __future__ import annotations

from functools import cache

from . import rows as measured
from .pools import Pools
from .simulator import ServingSimulator
from .tables import DATA, ENGINES, GPUS


def rows(simulator: ServingSimulator) -> list[dict[str, object]]:
    """The measured deployments of a simulator's model.

    Args:
        simulator: its model decides; lengths of prompts and answers differ from the workload's.

    Returns:
        Values by knob; none where the model was not measured.
    """
    name = simulator.task.shape.name
    return [design for model, design in _designs() if model == name]


@cache
def _designs() -> list[tuple[str, dict[str, object]]]:
    """Each measured row's model and design."""
    table = measured.read(DATA / "measured.csv")
    apart = measured.disaggregated(table, "measured.csv")
    out = _with(measured.aggregated(table, "measured.csv"), None)
    return out + (_with(*apart) if apart else [])


def _with(data: measured.Rows, pools: Pools | None) -> list[tuple[str, dict[str, object]]]:
    out = []
    for i in range(len(data.rows)):
        s = {name: column[i] for name, column in data.setups._asdict().items()}
        shape, stored = data.pairs[s["model"]]
        design: dict[str, object] = {
            "gpu": GPUS[s["device"]], "engine": ENGINES[s["engine"]], "precision": stored.name,
            "tensor": int(s["tensor"]), "stages": int(s["stages"]),
            "expert_parallel": bool(s["expert_parallel"]),
            "data_attention": bool(s["data_attention"]), "concurrency": int(s["concurrency"]),
            "prefill_workers": 0, "prefill_tensor": 1, "decode_workers": 1,
        }  # fmt: skip
        if pools is not None:
            names = ("prefill_workers", "prefill_tensor", "decode_workers")
            design |= {name: int(getattr(pools, name)[i]) for name in names}
        out.append((shape.name, design))
    return out
