"""Models by name, or from a configuration file of the Hugging Face form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.documents import Faults, located, read_json
from archgym.errors import ScenarioError, UnknownNameError

from .shapes import ALIASES, SHAPES, Latent, Linear, Shape


def find(name: str) -> Shape:
    """A model by name, or from a ``config.json``.

    Args:
        name: of the table, with or without the publisher's name before a slash; or a file's path.

    Returns:
        The model's shape.

    Raises:
        UnknownNameError: there is none; suggests the nearest.
        ScenarioError: the file cannot be read, or lacks what is needed.
    """
    if name.endswith(".json") or Path(name).is_dir():
        path = Path(name)
        return from_config(path / "config.json" if path.is_dir() else path)
    known = {n.lower(): s for n, s in SHAPES.items()}
    known |= {a.lower(): SHAPES[s] for a, s in ALIASES.items()}
    found = known.get(name.lower()) or known.get(name.lower().rpartition("/")[2])
    if found is None:
        raise UnknownNameError("model", name, [*SHAPES, *ALIASES], "(or the path of a config.json)")
    return found


def from_config(path: Path) -> Shape:
    """The shape that a configuration file describes.

    Args:
        path: of a ``config.json`` of the Hugging Face form.

    Returns:
        The model's shape.

    Raises:
        ScenarioError: it cannot be read, or keys are missing or make no sense. The message names them all.
    """
    try:
        document = read_json(path, wrong=ScenarioError)
    except FileNotFoundError:
        raise ScenarioError(f"{path} does not exist") from None
    nested = document.get("text_config")
    if isinstance(nested, Mapping):  # of models that also see
        document = {**document, **nested}
    faults = Faults()
    name = path.parent.name if path.name == "config.json" else path.stem
    shape = _shape(document, name or "model", faults)
    with located(str(path)):
        faults.raise_if_any()
    return shape


def _first(document: Mapping[str, Any], *keys: str) -> str:
    """The first key that is there, else the first of all."""
    return next((k for k in keys if document.get(k) is not None), keys[0])


def _shape(c: Mapping[str, Any], name: str, faults: Faults) -> Shape:
    def need(*keys: str) -> int:
        key = _first(c, *keys)
        if c.get(key) is None:
            faults.add(f"key {key!r} is missing")
            return 1
        return faults.whole(c, key, 1, 1)

    def may(default: int, *keys: str, least: int = 0) -> int:
        key = _first(c, *keys)
        return default if c.get(key) is None else faults.whole(c, key, default, least)

    hidden, heads = need("hidden_size"), need("num_attention_heads")
    layers, vocab = need("num_hidden_layers"), need("vocab_size")
    kv_heads = may(heads, "num_key_value_heads", least=1)
    experts = may(0, "n_routed_experts", "num_local_experts", "num_experts")
    head_dim = may(max(hidden // heads, 1), "head_dim", least=1)
    wide = need("intermediate_size") if not experts else may(0, "intermediate_size")
    top_k = need("num_experts_per_tok", "experts_per_token") if experts else 0
    narrow = may(wide, "moe_intermediate_size") if experts else 0
    if experts and not narrow:
        faults.add("key 'moe_intermediate_size' is missing")
    if experts and top_k > experts:
        faults.add(f"{top_k} experts of a token, but a layer has {experts}")
    if "kv_lora_rank" not in c and heads % kv_heads:
        faults.add(f"num_attention_heads {heads} is not divided by num_key_value_heads {kv_heads}")
    dense = min(may(0, "first_k_dense_replace"), layers) if experts else layers
    shared = may(0, "shared_expert_intermediate_size") or narrow * may(0, "n_shared_experts")
    window, windowed = _window(c, layers, faults)
    return Shape(
        name, layers, hidden, heads, kv_heads, head_dim, vocab,
        ffn=wide if dense else 0, dense_layers=dense, experts=experts, top_k=top_k,
        expert_ffn=narrow, shared_ffn=shared if experts else 0,
        latent=_latent(c, faults), linear=_linear(c, layers, faults),
        window=window, window_layers=windowed, sparse=may(0, "index_topk"),
        gated=bool(c.get("attn_output_gate")),
    )  # fmt: skip


def _latent(c: Mapping[str, Any], faults: Faults) -> Latent | None:
    if c.get("kv_lora_rank") is None:
        return None
    keys = ("kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim")
    for key in keys:
        if c.get(key) is None:
            faults.add(f"key {key!r} is missing (attention is latent: kv_lora_rank is there)")
    kv, rope, nope, value = (faults.whole(c, k, 1, 1) if c.get(k) is not None else 1 for k in keys)
    q = faults.whole(c, "q_lora_rank", 0, 0) if c.get("q_lora_rank") is not None else 0
    return Latent(q, kv, rope, nope, value)


def _window(c: Mapping[str, Any], layers: int, faults: Faults) -> tuple[int, int]:
    kinds = c.get("layer_types")
    if c.get("sliding_window") is None or c.get("use_sliding_window") is False:
        return 0, 0
    window = faults.whole(c, "sliding_window", 0, 1)
    if isinstance(kinds, list):
        return window, sum(k == "sliding_attention" for k in kinds)
    return window, layers


def _linear(c: Mapping[str, Any], layers: int, faults: Faults) -> Linear | None:
    kinds = c.get("layer_types")
    if not isinstance(kinds, list) or "linear_attention" not in kinds:
        return None
    keys = ("linear_num_key_heads", "linear_num_value_heads", "linear_value_head_dim")
    numbers = []
    for key in keys:
        if c.get(key) is None:
            faults.add(f"key {key!r} is missing (layer_types has linear attention)")
        numbers.append(faults.whole(c, key, 1, 1) if c.get(key) is not None else 1)
    count = sum(k == "linear_attention" for k in kinds)
    if count >= layers:
        faults.add("every layer has linear attention: at least one must have a cache")
    return Linear(min(count, layers - 1), *numbers)
