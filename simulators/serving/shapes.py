"""Shapes of large language models: what a layer multiplies, keeps and reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Latent:
    """Multi-head latent attention: ranks of queries and keys, and the parts of a head."""

    q_rank: int
    kv_rank: int
    rope: int
    nope: int
    value: int


@dataclass(frozen=True)
class Linear:
    """Layers of gated linear attention, whose state does not grow with the context."""

    layers: int
    key_heads: int
    value_heads: int
    dim: int


@dataclass(frozen=True)
class Shape:
    """A decoder of ``layers`` layers; counts are elements, not bytes.

    Args:
        name: of the model.
        layers: in all.
        hidden: width.
        heads: of queries.
        kv_heads: of keys and values.
        head_dim: of a head.
        vocab: tokens known.
        ffn: width of a dense feed-forward layer.
        dense_layers: layers with a dense feed-forward part; the others have experts.
        experts: of a layer; 0 for a dense model.
        top_k: experts a token visits.
        expert_ffn: width of an expert.
        shared_ffn: width of what every token visits besides its experts.
        latent: where attention is latent.
        linear: where some layers have linear attention.
        window: tokens that windowed layers look back.
        window_layers: layers with a window.
        sparse: tokens that attention selects; 0 where it reads all.
        stored: the format in which the weights are published, where there is but one.
        gated: whether the output of full attention is gated (one more matrix).
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    ffn: int = 0
    dense_layers: int = 0
    experts: int = 0
    top_k: int = 0
    expert_ffn: int = 0
    shared_ffn: int = 0
    latent: Latent | None = None
    linear: Linear | None = None
    window: int = 0
    window_layers: int = 0
    sparse: int = 0
    gated: bool = False
    stored: str = ""

    @property
    def moe_layers(self) -> int:
        """Layers with experts."""
        return self.layers - self.dense_layers if self.experts else 0

    @property
    def full_layers(self) -> int:
        """Layers whose attention reads a cache of keys and values."""
        return self.layers - (self.linear.layers if self.linear else 0)

    @property
    def attention_weights(self) -> int:
        """Elements of all projections of attention."""
        d = self.hidden
        if self.latent:
            a, h = self.latent, self.heads
            q = d * a.q_rank + a.q_rank * h * (a.nope + a.rope)
            if not a.q_rank:
                q = d * h * (a.nope + a.rope)
            kv = d * (a.kv_rank + a.rope) + a.kv_rank * h * (a.nope + a.value)
            one = q + kv + h * a.value * d
        else:
            one = d * self.head_dim * ((3 if self.gated else 2) * self.heads + 2 * self.kv_heads)
        total = one * self.full_layers
        if self.linear:
            s = self.linear
            total += s.layers * d * s.dim * (2 * s.key_heads + 3 * s.value_heads)
        return total

    @property
    def dense_weights(self) -> int:
        """Elements of dense feed-forward layers and of experts that every token visits."""
        wide = self.ffn * self.dense_layers + self.shared_ffn * self.moe_layers
        return 3 * self.hidden * wide

    @property
    def expert_weights(self) -> int:
        """Elements of all routed experts."""
        return 3 * self.hidden * self.expert_ffn * self.experts * self.moe_layers

    @property
    def head_weights(self) -> int:
        """Elements of the last projection; the embedding has as many."""
        return self.vocab * self.hidden

    @property
    def parameters(self) -> int:
        """All elements, embedding included."""
        return (
            self.attention_weights
            + self.dense_weights
            + self.expert_weights
            + 2 * self.head_weights
        )

    @property
    def active_parameters(self) -> float:
        """Elements that one token multiplies with, embedding left out."""
        routed = self.expert_weights * self.top_k / self.experts if self.experts else 0.0
        return self.attention_weights + self.dense_weights + routed + self.head_weights

    @property
    def cache_width(self) -> int:
        """Elements that one layer keeps of one token."""
        if self.latent:
            return self.latent.kv_rank + self.latent.rope
        return 2 * self.kv_heads * self.head_dim

    @property
    def cache_shares(self) -> int:
        """GPUs over which tensor parallelism can divide the cache of a token."""
        return 1 if self.latent else self.kv_heads

    @property
    def pair_flops(self) -> tuple[float, float]:
        """Operations of attention per layer, token and token looked at: in prefill and in decode.

        Latent attention decodes in the compressed space, where a head is as wide as the cache.
        """
        if self.latent:
            a = self.latent
            once = 2.0 * self.heads * (a.nope + a.rope + a.value)
            return once, 2.0 * self.heads * (2 * a.kv_rank + a.rope)
        once = 4.0 * self.heads * self.head_dim
        return once, once

    @property
    def state(self) -> int:
        """Elements of state that one sequence keeps in its layers of linear attention."""
        s = self.linear
        return s.layers * s.value_heads * s.dim * s.dim if s else 0


_MLA = Latent(1536, 512, 64, 128, 128)
# from the configuration files that are published with each model
SHAPES = {
    s.name: s
    for s in (
        Shape("DeepSeek-R1", 61, 7168, 128, 128, 128, 129280, 18432, 3, 256, 8, 2048, 2048, _MLA),
        Shape("Kimi-K2.5", 61, 7168, 64, 64, 128, 163840, 18432, 1, 384, 8, 2048, 2048, _MLA),
        Shape(
            "GLM-5", 78, 6144, 64, 64, 256, 154880, 12288, 3, 256, 8, 2048, 2048,
            Latent(2048, 512, 64, 192, 256), sparse=2048,
        ),
        Shape("MiniMax-M2.5", 62, 3072, 48, 8, 128, 200064, 0, 0, 256, 8, 1536),
        Shape(
            "Qwen3.5-397B-A17B", 60, 4096, 32, 2, 256, 248320, 0, 0, 512, 10, 1024, 1024,
            linear=Linear(45, 16, 64, 128), gated=True,
        ),
        Shape("Qwen3-235B-A22B", 94, 4096, 64, 4, 128, 151936, 0, 0, 128, 8, 1536),
        Shape(
            "gpt-oss-120b", 36, 2880, 64, 8, 64, 201088, 0, 0, 128, 4, 2880,
            window=128, window_layers=18, stored="mxfp4",
        ),
        Shape("Llama-3.1-70B", 80, 8192, 64, 8, 128, 128256, 28672, 80),
        Shape("Qwen3-32B", 64, 5120, 64, 8, 128, 151936, 25600, 64),
        Shape("Llama-3.1-8B", 32, 4096, 32, 8, 128, 128256, 14336, 32),
        Shape("Mixtral-8x7B", 32, 4096, 32, 8, 128, 32000, 0, 0, 8, 2, 14336),
    )
}  # fmt: skip
# names under which the same weights, or a quantised form of them, are published
ALIASES = {
    "DeepSeek-V3": "DeepSeek-R1",
    "DeepSeek-V3.1": "DeepSeek-R1",
    "DeepSeek-R1-NVFP4": "DeepSeek-R1",
    "DeepSeek-V3.1-NVFP4": "DeepSeek-R1",
    "Qwen3-235B-A22B-FP8": "Qwen3-235B-A22B",
    "Llama-3.1-8B-Instruct": "Llama-3.1-8B",
    "Llama-3.1-8B-Instruct-FP8": "Llama-3.1-8B",
    "Qwen3-32B-FP8": "Qwen3-32B",
    "Qwen3-32B-NVFP4": "Qwen3-32B",
}
