"""Activations that are computed again: what they save and what they cost, by hand."""

import dataclasses

import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.archgym_space import archgym_space

WIDTH, HEADS, FF, LAYERS, SEQ, BATCH = 5120, 40, 20480, 4, 2048, 256  # GPT-3 13B, fewer layers
PEAK, BANDWIDTH = 312e12, 2039e9


def simulator():
    made = ClusterSimulator("gpt3-13b-train", npus=4, dimensions=2)
    shape = made.task.shape._replace(layers=LAYERS)
    made.task = made.knobs.task = dataclasses.replace(made.task, shape=shape)
    return made


def metrics(made, **change):
    base = made.default_design() | {
        "npus0": 2, "role0": "tensor", "npus1": 2, "role1": "data", "micro_batches": 8, "zero": 0,
    }  # fmt: skip
    rows = [base | change | {"recompute": kept} for kept in ("none", "selective", "full")]
    e = made.evaluate(made.space.encode(rows))
    assert e.feasible.all(), e.reasons
    return e.metrics


def takes(operations, size):
    """Whole ns under the roofline."""
    return int(operations / min(BANDWIDTH * (operations / size), PEAK) * 1e9)


def test_what_is_not_kept():
    """Korthikanti et al. (arXiv 2205.05198), table 2: s b h (10 + 24/t + 5 a s / (h t)), or 2 s b h."""
    tokens, t = BATCH // (2 * 8) * SEQ, 2
    none, selective, full = metrics(simulator())["memory"]
    layer = tokens * WIDTH * (10 + 24 / t)
    assert none - selective == pytest.approx(LAYERS * tokens * 5 * HEADS * SEQ / t, rel=1e-12)
    # an input a layer, and one layer that is there while it goes back
    saved = LAYERS * layer - (LAYERS * 2 * tokens * WIDTH + layer)
    assert selective - full == pytest.approx(saved, rel=1e-12)


def test_what_it_costs():
    """By hand: a micro-batch computes the core of attention again, or all of a layer."""
    tokens, t, micro = BATCH // (2 * 8) * SEQ, 2, 8
    matrices = 4 * WIDTH * WIDTH // t
    core = 4 * tokens * SEQ * WIDTH // t, 2 * 4 * tokens * WIDTH // t
    moved = matrices + 4 * tokens * WIDTH // t + 2 * tokens * WIDTH + 2 * tokens * WIDTH // t
    attention = 2 * tokens * matrices + core[0], 2 * moved
    mlp = 2 * tokens * 2 * WIDTH * FF // t, 2 * (
        2 * WIDTH * FF // t + 2 * tokens * WIDTH + 2 * tokens * FF // t
    )  # fmt: skip
    none, selective, full = (round(v * 1e9) for v in metrics(simulator())["compute"])
    back = takes(2 * attention[0], 2 * attention[1])
    longer = takes(2 * attention[0] + core[0], 2 * attention[1] + core[1])
    assert selective - none == micro * LAYERS * (longer - back)
    assert full - none == micro * LAYERS * (takes(*attention) + takes(*mlp))


def test_layers_that_go_forward_again_talk_again():
    """Two all-reduces of tensor parallelism a layer and pass: 4 without, 6 with all computed again."""
    e = metrics(simulator(), npus0=4, npus1=1)["port_bound"]
    assert e[0] == e[1] and e[2] / e[0] == pytest.approx(6 / 4, rel=1e-9)


def test_who_has_the_knob():
    assert "recompute" in ClusterSimulator("vit-base-train", npus=16).space.names
    assert "recompute" not in ClusterSimulator("llama-70b-prefill", npus=16).space.names
    assert "recompute" not in archgym_space("archgym-workload").names
