"""Kernels of serving: a slow twin, limits in closed form, laws."""

import dataclasses
import math

import numpy as np
import pytest
from archgym.simulators.serving.arguments import Setups
from archgym.simulators.serving.devices import DEVICES, FORMATS
from archgym.simulators.serving.held import cache_per_sequence, weights_per_gpu
from archgym.simulators.serving.kernel import aggregated_all, decode_step
from archgym.simulators.serving.shapes import SHAPES
from archgym.simulators.serving.tables import collectives, devices, engines, models

BOARDS = list(DEVICES.values())
PAIRS = [(s, f) for s in SHAPES.values() for f in (FORMATS["fp8"], FORMATS["bf16"])]
TABLE = models(PAIRS)


def random_setups(n=400, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    columns = {
        "model": rng.integers(0, len(PAIRS), n),
        "device": rng.integers(1, len(BOARDS), n),
        "engine": rng.integers(0, 3, n),
        "tensor": rng.choice([1.0, 2.0, 4.0, 8.0], n),
        "stages": rng.choice([1.0, 2.0], n),
        "data_attention": rng.choice([0.0, 1.0], n),
        "expert_parallel": rng.choice([0.0, 1.0], n),
        "concurrency": rng.choice([1.0, 4.0, 32.0, 256.0], n),
        "inputs": rng.choice([256.0, 1024.0, 8192.0], n),
        "outputs": rng.choice([128.0, 1024.0, 4096.0], n),
    }
    return Setups(**{k: fixed.get(k, v) for k, v in columns.items()})


def run(setups, gpus=BOARDS, constants=None):
    out = np.empty((len(setups.model), 4))
    aggregated_all(TABLE, devices(gpus), constants or engines(), setups, out)
    return out


def test_parameters_are_those_published():
    """Billions, all and active, as the publishers state them."""
    stated = {
        "DeepSeek-R1": (671, 37), "Kimi-K2.5": (1026, 32), "GLM-5": (743, 40),
        "Qwen3-235B-A22B": (235, 22), "gpt-oss-120b": (117, 5.1), "Llama-3.1-70B": (70.6, 70.6),
        "Qwen3-32B": (32.8, 32.8), "Llama-3.1-8B": (8.0, 8.0), "Mixtral-8x7B": (46.7, 12.9),
    }  # fmt: skip
    for name, (total, active) in stated.items():
        shape = SHAPES[name]
        assert shape.parameters / 1e9 == pytest.approx(total, rel=0.005)
        # publishers differ in whether the embedding counts
        assert shape.active_parameters / 1e9 == pytest.approx(active, rel=0.08)


def test_a_step_of_decode_layer_by_layer():
    """The kernel counts all layers at once; the twin walks through them, matrix by matrix."""
    shape, stored = SHAPES["Llama-3.1-70B"], FORMATS["fp8"]
    v, g, e, n, b, context = PAIRS.index((shape, stored)), 2, 1, 4.0, 24.0, 1536.0
    board, k = BOARDS[g], engines()
    assert board.name == "h200_sxm"
    peak = board.fp8 * k.decode_math[e]

    def pass_over(elements, width):
        moved = elements * width / n / (board.bandwidth * k.bandwidth[e])
        return moved, 2 * elements * b / n / peak

    d, h, kv, hd = shape.hidden, shape.heads, shape.kv_heads, shape.head_dim
    attention = d * h * hd + 2 * d * kv * hd + h * hd * d
    parts = {"attention": [0.0, 0.0], "dense": [0.0, 0.0], "cache": [0.0, 0.0]}
    overhead = k.step[e] + b * k.sequence[e]
    collective = 0.0
    curve = collectives()[board.name][1]  # 4 GPUs
    x = math.log2(2 * b * d) - 9
    low = int(x)
    between = (2 * b * d - 2 ** (low + 9)) / 2 ** (low + 9)
    moved = curve[low] + between * (curve[low + 1] - curve[low])
    for _ in range(shape.layers):
        for name, elements in (("attention", attention), ("dense", 3 * d * shape.ffn)):
            a, o = pass_over(elements, 1.0)
            parts[name][0] += a
            parts[name][1] += o
        read = b * context * 2 * kv * hd / n
        parts["cache"][0] += read / (board.bandwidth * k.cache[e])
        parts["cache"][1] += b * context * 4 * h * hd / n / (board.bf16 * k.decode_math[e])
        overhead += k.attention_layer[e] + k.dense_layer[e]
        collective += 2 * (curve[0] * k.latency[e] + (moved - curve[0]) * k.transfer[e])
    a, o = pass_over(shape.vocab * d, 2.0)
    parts["dense"][0] += a
    parts["dense"][1] += o
    expected = sum(math.hypot(*p) for p in parts.values()) + overhead + collective
    got = decode_step(TABLE, devices(BOARDS), k, v, g, e, n, 0.0, 0.0, b, context)
    assert got[-1] == pytest.approx(expected, rel=1e-9)
    assert sum(got[:-1]) == pytest.approx(got[-1])


def test_with_endless_operations_a_step_is_its_bytes():
    shape, stored = SHAPES["Llama-3.1-8B"], FORMATS["bf16"]
    v = PAIRS.index((shape, stored))
    free = {f: np.zeros(3) for f in ("step", "attention_layer", "dense_layer", "sequence")}
    ideal = {f: np.ones(3) for f in ("bandwidth", "cache", "decode_math")}
    k = engines()._replace(**free, **ideal)
    board = dataclasses.replace(BOARDS[1], bf16=1e30)
    step = decode_step(TABLE, devices([board]), k, v, 0, 0, 1.0, 0.0, 0.0, 1.0, 1000.0)[-1]
    weights = 2.0 * (shape.parameters - shape.head_weights)
    cache = 1000 * 2.0 * shape.layers * shape.cache_width
    assert step == pytest.approx((weights + cache) / board.bandwidth, rel=1e-6)


@pytest.mark.parametrize("name", ["DeepSeek-R1", "Llama-3.1-70B", "Qwen3-235B-A22B"])
def test_division_conserves_weights_and_cache(name):
    v = PAIRS.index((SHAPES[name], FORMATS["fp8"]))
    whole = weights_per_gpu(TABLE, v, 1.0, 1.0, 0.0)
    assert weights_per_gpu(TABLE, v, 8.0, 1.0, 0.0) * 8 == pytest.approx(whole)
    assert weights_per_gpu(TABLE, v, 8.0, 1.0, 1.0) * 8 > whole  # attention is on every GPU
    one = cache_per_sequence(TABLE, v, 1.0, 1.0, 0.0, 1000.0)
    split = cache_per_sequence(TABLE, v, 8.0, 1.0, 0.0, 1000.0) * 8
    # heads of keys that are fewer than the GPUs are kept more than once
    assert split == pytest.approx(one * max(8 / SHAPES[name].cache_shares, 1))


@pytest.mark.parametrize("what", ["bandwidth", "bf16", "fp8", "memory"])
def test_more_of_a_gpu_is_never_slower(what):
    """Tokens and whole requests.  The first token alone may be later: those who decode faster come sooner."""
    s = random_setups()
    base = run(s)
    better = run(s, [dataclasses.replace(d, **{what: 1.3 * getattr(d, what)}) for d in BOARDS])
    ran = np.flatnonzero((base[:, 3] > 0) & (base[:, 3] == better[:, 3]))
    assert len(ran) > 100
    assert (better[ran, 1] <= base[ran, 1] * (1 + 1e-9)).all()
    a, b = (out[ran, 0] + out[ran, 1] * s.outputs[ran] for out in (better, base))
    assert (a <= b * (1 + 1e-9)).all()
    single = ran[s.concurrency[ran] == 1]
    assert (better[single, 0] <= base[single, 0] * (1 + 1e-9)).all()
    assert (better[:, 3] >= base[:, 3]).all()


@pytest.mark.parametrize("what", ["inputs", "concurrency"])
def test_more_work_is_never_faster(what):
    s = random_setups(data_attention=np.zeros(400))
    base = run(s)
    more = run(s._replace(**{what: 2 * getattr(s, what)}))
    ran = np.flatnonzero((more[:, 3] > 0) & (more[:, 3] >= base[:, 3]))
    assert len(ran) > 100
    assert (more[ran, :2] >= base[ran, :2] * (1 - 1e-9)).all()
    assert (more[ran, 2] >= base[ran, 2]).all()


def test_what_does_not_fit_does_not_run():
    v = PAIRS.index((SHAPES["Qwen3-235B-A22B"], FORMATS["fp8"]))
    s = random_setups(
        1, model=np.array([v]), device=np.array([2]), tensor=np.ones(1), stages=np.ones(1)
    )
    out = run(s)
    assert out[0, 3] == 0 and np.isnan(out[0, :2]).all()
