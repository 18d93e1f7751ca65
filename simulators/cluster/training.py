"""Named workloads: a model with its mode, batch and lengths; and what a design of it needs to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archgym.documents import Faults, located, read_yaml, shortened
from archgym.errors import UnknownNameError

from .graph_file import GraphTask, graph_of
from .models import MODELS, Shape
from .transformer import ELEMENT

MODES = ("train", "prefill", "decode")
OPTIMIZER_BYTES = 12  # of mixed-precision Adam: weights, momentum and variance in 4 bytes each


@dataclass(frozen=True)
class Workload:
    """A model and what is done with it: ``batch`` sequences of ``seq`` tokens after ``ctx`` of context."""

    name: str
    shape: Shape
    mode: str
    batch: int
    seq: int
    ctx: int = 0

    @property
    def tokens(self) -> int:
        """Tokens that a step handles."""
        return self.batch * (1 if self.mode == "decode" else self.seq)


# ArchGym simulates 4 layers of each model, with 2,048 sequences; its 5,140 for the width of GPT-3 13B is no
# multiple of 40 heads
ARCHGYM = [
    Workload(f"archgym-{name}", MODELS[name]._replace(layers=4), "train", 2048, seq)
    for name, seq in (
        ("gpt3-13b", 2048),
        ("gpt3-175b", 2048),
        ("vit-base", 256),
        ("vit-large", 256),
        ("llama-7b", 2048),
    )
]
NAMED = {
    w.name: w
    for w in (
        *ARCHGYM,
        Workload("gpt3-13b-train", MODELS["gpt3-13b"], "train", 256, 2048),
        Workload("gpt3-175b-train", MODELS["gpt3-175b"], "train", 1024, 2048),
        Workload("llama-7b-train", MODELS["llama-7b"], "train", 256, 4096),
        Workload("llama-70b-train", MODELS["llama-70b"], "train", 256, 4096),
        Workload("vit-base-train", MODELS["vit-base"], "train", 1024, 197),
        Workload("vit-large-train", MODELS["vit-large"], "train", 1024, 197),
        Workload("mixtral-8x7b-train", MODELS["mixtral-8x7b"], "train", 256, 4096),
        Workload("llama-70b-prefill", MODELS["llama-70b"], "prefill", 16, 2048),
        Workload("llama-70b-decode", MODELS["llama-70b"], "decode", 256, 1, 2048),
    )
}
KEYS = ("layers", "width", "ff", "heads", "kv_heads", "vocabulary", "batch", "seq")
KNOWN = (*KEYS, "mode", "ctx", "gated", "experts", "top_k")
MOST = 1 << 32  # of a number in a file


def workload(name: str) -> Workload | GraphTask:
    """A workload by name, or of a YAML file: a model with ``mode``, ``batch`` and ``seq``, or a task graph.

    Args:
        name: a key of NAMED, or the path of a file.

    Returns:
        A model's workload, or a task graph.

    Raises:
        UnknownNameError: no such name.
        ArchgymError: a file that is no workload, with all its faults.
    """
    if name in NAMED:
        return NAMED[name]
    if not name.endswith((".yaml", ".yml")):
        raise UnknownNameError("cluster workload", name, NAMED)
    document = read_yaml(Path(name))
    if {"nodes", "programs", "chakra", "npus"} & set(document):
        return graph_of(document, Path(name))
    return _model(document, Path(name))


def _model(document: Mapping[str, Any], path: Path) -> Workload:
    faults = Faults()
    faults.known(document, KNOWN)
    missing = [key for key in KEYS if key not in document]
    if missing:
        faults.add(f"missing: {', '.join(missing)}")
    values = {key: faults.whole(document, key, 1, 1) for key in KEYS}
    values |= {key: faults.whole(document, key, 0, 0) for key in ("experts", "top_k", "ctx")}
    for key, value in values.items():
        if value > MOST:
            faults.add(f"{key} is at most {MOST}, got {value}")
    mode, gated = document.get("mode", "train"), document.get("gated", False)
    if mode not in MODES:
        faults.add(f"mode: expected {', '.join(MODES)}, got {shortened(mode)}")
    if not isinstance(gated, bool):
        faults.add(f"gated: expected true or false, got {shortened(gated)}")
    if values["top_k"] > values["experts"]:
        faults.add(f"top_k {values['top_k']} of {values['experts']} experts")
    if values["heads"] % values["kv_heads"] or values["width"] % values["heads"]:
        faults.add("kv_heads must divide heads, and heads must divide width")
    with located(str(path)):
        faults.raise_if_any()
    sizes = {key: values[key] for key in (*KEYS[:6], "experts", "top_k")}
    shape = Shape(gated=bool(gated), **sizes)
    return Workload(path.stem, shape, str(mode), values["batch"], values["seq"], values["ctx"])


def total(parts: Mapping[str, float]) -> float:
    """All parts added up in their order, so that the sum is the same on every machine.

    Args:
        parts: numbers by name.

    Returns:
        The sum.
    """
    out = 0.0
    for part in parts.values():
        out += part
    return out


def memory_parts(
    w: Workload,
    tensor: int,
    data: int,
    stages: int,
    micro: int,
    zero: int,
    schedule: str,
    sequence: int = 1,
    recompute: str = "selective",
) -> dict[str, float]:
    """What the fullest NPU holds: weights, gradients, optimizer, activations or key-value cache.

    Activations are those of Korthikanti et al. (2022, arXiv 2205.05198): 10 + 24 / t bytes per token and
    width in a layer, and 5 / t more per token, head and key where the scores of attention are kept. With full
    recomputation a layer keeps its input of 2 bytes, and one layer at a time all that it has computed
    again. The first stage of a pipeline holds most.

    Args:
        w: the model, and what is done with it.
        tensor: NPUs of tensor parallelism.
        data: copies of data parallelism.
        stages: of the pipeline.
        micro: micro-batches of a step.
        zero: what is sharded over copies: 0 nothing, 1 the optimizer, 3 weights and gradients too.
        schedule: ``gpipe`` or ``1f1b``.
        sequence: NPUs over which the tokens of a sequence are divided.
        recompute: what is not kept but computed again, of RECOMPUTE.

    Returns:
        Bytes by what is held.
    """
    s = w.shape
    kv = s.width * s.kv_heads // s.heads
    attention = s.width * (2 * s.width + 2 * kv)
    mlp = (3 if s.gated else 2) * s.width * s.ff
    held = max(1, s.experts // data) if s.experts else 1
    layers = s.layers // stages
    shared = layers * (attention + (0 if s.experts else mlp)) / tensor
    own = layers * mlp * held / tensor if s.experts else 0.0
    ends = s.width * s.vocabulary / tensor  # embedding or head, of which a stage holds one
    dense = shared + ends
    tokens = w.tokens / (data * micro * sequence)
    if w.mode != "train":
        cache = 2 * ELEMENT * (w.ctx + w.seq) * kv * (w.batch / data) * layers / (tensor * sequence)
        return {
            "weights": ELEMENT * (dense + own),
            "key-value cache": cache,
            "activations": 2 * ELEMENT * tokens * s.width,
        }
    copies = data * sequence  # NPUs that hold the same weights
    weights = ELEMENT * (dense / (copies if zero >= 3 else 1) + own)
    gradients = ELEMENT * (dense / (copies if zero >= 3 else 1) + own)
    optimizer = OPTIMIZER_BYTES * (dense / (copies if zero >= 1 else 1) + own)
    in_flight = micro if schedule == "gpipe" else min(micro, stages)
    activations = in_flight * layers * _kept(w, tokens, tensor, recompute)
    if recompute == "full":
        activations += _kept(w, tokens, tensor, "selective")
    return {
        "weights": weights,
        "gradients": gradients,
        "optimizer": optimizer,
        "activations": activations,
    }


def _kept(w: Workload, tokens: float, tensor: int, recompute: str) -> float:
    """Bytes of activations that a layer keeps for its backward pass, for ``tokens`` tokens of an NPU."""
    if recompute == "full":
        return tokens * w.shape.width * 2
    scores = 5 * w.shape.heads * w.seq / tensor if recompute == "none" else 0.0
    return tokens * w.shape.width * (10 + 24 / tensor) + tokens * scores
