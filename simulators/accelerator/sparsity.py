"""Structured sparsity, a first step: N of M weights, and channels that are zero.

A machine that stores and moves what is not zero is, for one layer, a dense machine of another kind
(:func:`sparse`). So every mapping, search and certificate works on it as it is:

- A word of a compressed tensor has fewer bits: its share, with metadata. Capacities, ports, networks
  and accesses of whole blocks follow.
- A product costs its energy where both operands are there. The rest is gated.
- Where zeros are skipped, a step of the dense nest takes less than a cycle. The clock that the model
  counts by is then faster, and memories are as fast as before: fewer bits per clock cycle.

Zeros are even: every block of M has its N, and every tile its share of the channels. Operands of
attention stay dense (``own_weights``). Registers next to the multipliers are read for every product
of the dense nest less the stored share, sums are updated as in the dense nest: an upper bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import ceil

from archgym.errors import ArchgymError

from .architecture import LETTERS, Architecture, Level
from .layers import Layer

MOST_BLOCK = 1024


class SparsityError(ArchgymError, ValueError):
    """A sparsity that makes no sense."""


@dataclass(frozen=True)
class Pattern:
    """N of every M values along the products that one output adds up, or a share of input channels.

    Attributes:
        kept: N; 0 where whole channels are meant.
        block: M; 0 where whole channels are meant.
        channels: share of input channels that are not zero.
    """

    kept: int = 0
    block: int = 0
    channels: float = 1.0

    def rows(self, products: int) -> int:
        """Values that are kept of a column of weights; a last block that is not whole keeps its first N.

        Args:
            products: values of the column.

        Returns:
            How many are kept.
        """
        if not self.block:
            return products
        whole, rest = divmod(products, self.block)
        return whole * self.kept + min(rest, self.kept)

    def share(self, layer: Layer) -> float:
        """The share of a tensor of a layer that is kept.

        Args:
            layer: its shape.

        Returns:
            From above 0 to 1.
        """
        if self.block:
            products = layer.C * layer.R * layer.S
            return self.rows(products) / products
        channels = layer.G * layer.C
        return min(channels, ceil(self.channels * channels - 1e-9)) / channels

    @property
    def metadata_bits(self) -> int:
        """Bits that say where in its block a kept value stands; channels need none."""
        return (self.block - 1).bit_length() if self.block > self.kept else 0

    def __str__(self) -> str:
        """Its text, as :func:`parse_pattern` reads it."""
        return f"{self.kept}:{self.block}" if self.block else f"{self.channels:g}"


DENSE = Pattern()


def parse_pattern(text: str, what: str = "sparsity") -> Pattern:
    """A pattern from ``2:4``, or from a share of channels such as ``0.6``.

    Args:
        text: the pattern.
        what: names it in messages.

    Returns:
        The pattern.

    Raises:
        SparsityError: neither form, more kept than there are, a share that is not above 0 and at most 1.
    """
    form = (
        f"{what} {text!r}: expected N:M, such as 2:4, or a share of channels above 0 and at most 1"
    )
    found = re.fullmatch(r"\s*([0-9]{1,4})\s*:\s*([0-9]{1,4})\s*", text)
    if found:
        kept, block = int(found[1]), int(found[2])
        if not 1 <= kept <= block <= MOST_BLOCK:
            raise SparsityError(f"{form}; N is at least 1, M at least N and at most {MOST_BLOCK}")
        return Pattern(kept, block)
    try:
        channels = float(text)
    except ValueError as error:
        raise SparsityError(form) from error
    if not 0 < channels <= 1:
        raise SparsityError(form)
    return Pattern(channels=channels)


def sparse(
    machine: Architecture,
    layer: Layer,
    weights: Pattern = DENSE,
    inputs: Pattern = DENSE,
    skip: str = "",
) -> Architecture:
    """The dense machine that does for one layer what ``machine`` does with its zeros left out.

    Its clock is the rate of dense steps; a cost's cycles are such steps.

    Args:
        machine: with all values there.
        layer: its shape.
        weights: which of them are not zero.
        inputs: which of them are not zero.
        skip: letters of W and I whose zeros take no time; others are gated, which saves energy alone.

    Returns:
        The machine; the same object where nothing is zero, and for operands of attention.

    Raises:
        SparsityError: ``skip`` has other letters.
    """
    if set(skip) - {"W", "I"}:
        raise SparsityError(f"skip {skip!r}: expected letters of W (weights) and I (inputs)")
    if layer.own_weights or (weights == DENSE and inputs == DENSE):
        return machine
    shares = {"W": weights.share(layer), "I": inputs.share(layer)}
    pace = 1.0  # cycles of a dense step
    for letter in set(skip):
        pace *= shares[letter]
    stored = [1.0, 1.0, 1.0]
    for letter, pattern in (("W", weights), ("I", inputs)):
        t = LETTERS.index(letter)
        stored[t] = shares[letter] * (1 + pattern.metadata_bits / machine.bits[t])
    told = f"{machine.name}, weights {weights}, inputs {inputs}, skipping {skip or 'nothing'}"
    return replace(
        machine,
        name=told,
        levels=tuple(_slowed(level, pace) for level in machine.levels),
        mac_pj=machine.mac_pj * shares["W"] * shares["I"],
        clock_hz=machine.clock_hz / pace,
        stored=(stored[0], stored[1], stored[2]),
    )


def _slowed(level: Level, pace: float) -> Level:
    """A level as seen from a faster clock: as many bits per second, fewer per cycle."""
    ports = ("read_bits", "write_bits", "shared_bits", "network_bits")
    return replace(level, **{port: getattr(level, port) * pace for port in ports})
