"""Seeded synthetic traces: streams, random access, strides, pointer chases, hot rows, bursts.

All draw from one splitmix64 stream (Steele, Lea and Flood, OOPSLA 2014, doi 10.1145/2660193.2660195),
so that a trace is the same on every machine; cycles are those of the DRAM, addresses 64 B lines.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError, WorkloadError

from .draws import LINE, Columns, I64, SplitMix, geometric, lines_below, starts, table, unit
from .trace import MAX_REQUESTS, Trace
from .traffic import embedding_gather, kv_cache, matmul_tiles, mixed_agents


def _one_gap(rng: SplitMix, mean: float) -> int:
    return int(geometric(rng.take(1), mean)[0]) if mean > 1 else 1


def stream_read(n: int, seed: int, *, gap: int = 4) -> Columns:
    """Sequential reads, one every ``gap`` cycles.

    Args:
        n: how many requests.
        seed: of all draws.
        gap: cycles between requests.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    i = np.arange(n, dtype=np.int64)
    return i * gap, np.zeros(n, np.int64), SplitMix(seed).below(1 << 20) * LINE + LINE * i


def stream_rw21(n: int, seed: int, *, gap: int = 5) -> Columns:
    """Two read streams and one write stream in turn, as in c[i] = a[i] + b[i].

    Args:
        n: how many requests.
        seed: of all draws.
        gap: cycles between requests.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    rng = SplitMix(seed)
    base = np.array([(j << 28) + rng.below(1 << 14) * 8192 for j in range(3)], np.int64)
    i = np.arange(n, dtype=np.int64)
    return i * gap, i % 3 == 2, base[i % 3] + LINE * (i // 3)


def rand_read(n: int, seed: int, *, mean: float = 8, footprint: int = 1 << 30) -> Columns:
    """Uniformly random reads, geometric gaps.

    Args:
        n: how many requests.
        seed: of all draws.
        mean: mean cycles between requests.
        footprint: bytes below which addresses lie.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    draws, gaps = table(SplitMix(seed), n, 1, mean)
    return starts(gaps), np.zeros(n, np.int64), lines_below(draws[:, 0], footprint)


def rand_rw(
    n: int, seed: int, *, mean: float = 10, footprint: int = 1 << 30, write_share: float = 0.4
) -> Columns:
    """Uniformly random reads and writes, geometric gaps.

    Args:
        n: how many requests.
        seed: of all draws.
        mean: mean cycles between requests.
        footprint: bytes below which addresses lie.
        write_share: share of writes, 0 to 1.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    draws, gaps = table(SplitMix(seed), n, 2, mean)
    return starts(gaps), unit(draws[:, 0]) < write_share, lines_below(draws[:, 1], footprint)


def stride_conflict(
    n: int,
    seed: int,
    *,
    gap: int = 16,
    banks: int = 4,
    stride: int = 1 << 17,
    write_share: float = 0.25,
) -> Columns:
    """Rows of a few banks in turn, each access a row conflict under the row-bank-column mapping.

    Args:
        n: how many requests.
        seed: of all draws.
        gap: cycles between requests.
        banks: how many rows are visited in turn.
        stride: bytes between rows of the same bank.
        write_share: share of writes, 0 to 1.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    rng = SplitMix(seed)
    base = rng.below(1 << 8) * LINE
    i = np.arange(n, dtype=np.int64)
    address = base + (i % banks) * 8192 + (i // banks) % 8192 * stride
    return i * gap, unit(rng.take(n)) < write_share, address


def chase(
    n: int, seed: int, *, shortest: int = 60, longest: int = 180, footprint: int = 1 << 26
) -> Columns:
    """Dependent reads: one at a time, long gaps.

    Args:
        n: how many requests.
        seed: of all draws.
        shortest: least cycles between requests.
        longest: most cycles between requests.
        footprint: bytes below which addresses lie.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    draws = SplitMix(seed).take(2 * n).reshape(n, 2)
    span = np.uint64(longest - shortest + 1)
    gaps = shortest + (draws[:, 1] % span).astype(np.int64)
    return starts(gaps), np.zeros(n, np.int64), lines_below(draws[:, 0], footprint)


def zipf_rows(
    n: int,
    seed: int,
    *,
    rows: int = 4096,
    s: float = 1.1,
    mean: float = 7,
    write_share: float = 0.25,
) -> Columns:
    """Rows of Zipf popularity, random lines within.

    Args:
        n: how many requests.
        seed: of all draws.
        rows: how many rows there are.
        s: exponent of the Zipf distribution.
        mean: mean cycles between requests.
        write_share: share of writes, 0 to 1.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    rng = SplitMix(seed)
    weights: list[float] = []
    total = 0.0
    for i in range(rows):
        total += 1.0 / (i + 1) ** s
        weights.append(total)
    place = (rng.take(rows) % np.uint64(1 << 19)).astype(np.int64)
    draws, gaps = table(rng, n, 3, mean)
    rank = np.searchsorted(np.array(weights), unit(draws[:, 0]) * total, side="right")
    address = place[np.minimum(rank, rows - 1)] * 8192
    address += (draws[:, 2] % np.uint64(128)).astype(np.int64) * LINE
    return starts(gaps), unit(draws[:, 1]) < write_share, address


def bursty(
    n: int,
    seed: int,
    *,
    burst: float = 64,
    gap: int = 2,
    pause: float = 1500,
    write_share: float = 0.3,
    footprint: int = 1 << 30,
) -> Columns:
    """Sequential bursts of geometric length at random places, long pauses between.

    Args:
        n: how many requests.
        seed: of all draws.
        burst: mean requests of a burst.
        gap: cycles between requests of a burst.
        pause: mean cycles between bursts.
        write_share: share of writes, 0 to 1.
        footprint: bytes below which addresses lie.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    rng = SplitMix(seed)
    stamps: list[I64] = []
    writes: list[NDArray[np.bool_]] = []
    addresses: list[I64] = []
    have, now = 0, 0
    while have < n:
        length = min(_one_gap(rng, burst), n - have)
        draws = rng.take(2)
        base = int(lines_below(draws[:1], footprint)[0])
        i = np.arange(length, dtype=np.int64)
        stamps.append(now + gap * i)
        writes.append(np.full(length, bool(unit(draws[1:])[0] < write_share)))
        addresses.append(base + LINE * i)
        have += length
        now += gap * length + _one_gap(rng, pause)
    return np.concatenate(stamps), np.concatenate(writes), np.concatenate(addresses)


WHOLE = (
    "gap", "footprint", "banks", "stride", "shortest", "longest", "rows", "size", "tile", "batch",
    "context", "page", "entry", "vector",
)  # fmt: skip
# least and largest value of each parameter; addresses stay in 4 GiB, stamps far below 2^63
RANGES: dict[str, tuple[float, float]] = {
    "gap": (0, 1_000_000_000), "mean": (0, 1e9), "footprint": (LINE, 1 << 32),
    "write_share": (0, 1), "banks": (1, 1 << 20), "stride": (0, 1 << 32),
    "shortest": (0, 1_000_000_000), "longest": (0, 1_000_000_000), "rows": (1, 1 << 19),
    "s": (0, 20), "burst": (0, 1e9), "pause": (0, 1e9),
    "size": (32, 1 << 14), "tile": (1, 1 << 14), "batch": (1, 1 << 12), "context": (1, 1 << 17),
    "page": (1, 1 << 12), "entry": (LINE, 1 << 20), "vector": (LINE, 1 << 16),
}  # fmt: skip
GENERATORS: dict[str, tuple[Callable[..., Columns], int]] = {
    "stream_read": (stream_read, 11),
    "stream_rw21": (stream_rw21, 12),
    "rand_read": (rand_read, 13),
    "rand_rw": (rand_rw, 14),
    "stride_conflict": (stride_conflict, 15),
    "chase": (chase, 16),
    "zipf_rows": (zipf_rows, 17),
    "bursty": (bursty, 18),
    "matmul_tiles": (matmul_tiles, 21),
    "kv_cache": (kv_cache, 22),
    "embedding_gather": (embedding_gather, 23),
    "mixed_agents": (mixed_agents, 24),
}


def generate(name: str, n: int = 20_000, seed: int | None = None, **parameters: float) -> Trace:
    """A synthetic trace.

    Args:
        name: a key of ``GENERATORS``.
        n: requests.
        seed: of all draws (default: that of the reference data).
        parameters: of the generator, within ``RANGES``.

    Returns:
        The trace; its name says all parameters.

    Raises:
        UnknownNameError: no such generator, or no such parameter of it.
        WorkloadError: a value that makes no sense.
    """
    if name not in GENERATORS:
        raise UnknownNameError("trace generator", name, GENERATORS)
    function, default_seed = GENERATORS[name]
    seed = default_seed if seed is None else seed
    allowed = dict(function.__kwdefaults__ or {})
    for key, value in parameters.items():
        if key not in allowed:
            raise UnknownNameError(
                f"parameter of trace generator {name!r}", key, ["n", "seed", *allowed]
            )
        low, high = RANGES[key]
        if not low <= value <= high:
            raise WorkloadError(
                f"trace generator {name!r}: {key} must be at least {low:g} and at most {high:g}, "
                f"got {value}"
            )
    if not 1 <= n <= MAX_REQUESTS:
        raise WorkloadError(
            f"trace generator {name!r}: n must be at least 1 and at most {MAX_REQUESTS:,}, got {n}"
        )
    typed = {k: int(v) if float(v).is_integer() else float(v) for k, v in parameters.items()}
    for key, value in typed.items():
        if isinstance(value, float) and key in WHOLE:
            raise WorkloadError(
                f"trace generator {name!r}: {key} must be a whole number, got {value}"
            )
    whole = {**allowed, **typed}
    if whole.get("shortest", 0) > whole.get("longest", 0):
        raise WorkloadError(
            f"trace generator {name!r}: shortest {whole['shortest']} is longer than longest "
            f"{whole['longest']}"
        )
    stamp, write, address = function(n, seed, **typed)
    address = address & 0xFFFFFFC0
    text = ",".join([f"n={n}", f"seed={seed}", *(f"{k}={v}" for k, v in typed.items())])
    return Trace(
        f"{name}:{text}",
        stamp - stamp[0],
        write.astype(np.uint8),
        address,
        origin={"generator": name, "n": n, "seed": seed, **typed},
    )
