"""Organisations of a memory: speed bin, channels, their width and ranks, and what is held equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError
from archgym.space import Columns, Constraint, Parameter, categorical, ordinal

from .families import GIB, Family


class Organisation(NamedTuple):
    """What is soldered: devices of a speed bin, as channels of some width and ranks."""

    speed_bin: str
    channels: int
    channel_width: int
    ranks: int


@dataclass(frozen=True)
class Held:
    """What every design of a space has; None where it may differ.

    Attributes:
        pins: data pins.
        capacity: GiB.
        channels: controllers.
        ranks: of a channel.
    """

    pins: int | None = None
    capacity: float | None = None
    channels: int | None = None
    ranks: int | None = None

    @property
    def facts(self) -> dict[str, float]:
        """Those that are held, by name."""
        return {k: v for k, v in vars(self).items() if v is not None}

    def holds(self, family: Family, one: Organisation) -> bool:
        """Whether an organisation has all of it.

        Args:
            family: of the devices.
            one: the organisation.

        Returns:
            Whether it has.
        """
        has = {
            "pins": family.pins(one.channel_width, one.ranks, one.channels),
            "capacity": capacity(family, one) / GIB,
            "channels": one.channels,
            "ranks": one.ranks,
        }
        return all(has[k] == v for k, v in self.facts.items())


def capacity(family: Family, one: Organisation) -> int:
    """The size of an organisation.

    Args:
        family: of the devices.
        one: the organisation.

    Returns:
        Bytes.
    """
    built = family.built(one.speed_bin, one.channel_width)
    return family.capacity(built, one.ranks, one.channels)


def organisations(family: Family, held: Held) -> list[Organisation]:
    """Every organisation that may be built, few channels, few ranks and wide channels first.

    A channel of HBM has two pseudo channels; one alone comes last.

    Args:
        family: of the devices.
        held: what every design has.

    Returns:
        At least one.

    Raises:
        ArchgymError: there is none; says what may be built.
    """
    ranks = family.ranks[::-1] if family.stacked else family.ranks
    every = [
        Organisation(speed_bin, channels, width, rank)
        for channels, rank, width, speed_bin in product(
            family.channels, ranks, family.widths[::-1], family.bins
        )
    ]
    found = [one for one in every if held.holds(family, one)]
    if not found:
        one = family.capacity(family.device, 1, 1) / GIB
        raise ArchgymError(
            f"no {family.name} has {', '.join(f'{k} {v:g}' for k, v in held.facts.items())}: it has "
            f"channels {family.channels} of {family.widths} pins, ranks {family.ranks}, and {one:g} "
            f"GiB a rank of {family.data_pins} pins. Change one of them, or leave it out"
        )
    return found


def organisation_knobs(family: Family, held: Held) -> list[Parameter]:
    """The knobs of organisations, with the values that occur in some of them.

    Args:
        family: of the devices.
        held: what every design has.

    Returns:
        Speed bin, channels, channel width and ranks.

    Raises:
        ArchgymError: no organisation has what is held.
    """
    found = organisations(family, held)
    bins, channels, widths, ranks = (sorted(set(values)) for values in zip(*found))
    unit = "pseudo channels" if family.stacked else "ranks"
    return [
        categorical("speed_bin", bins, "speed bin of the devices"),
        ordinal("channels", channels, "independent controllers", scale="log"),
        ordinal("channel_width", widths, "data pins of a channel", "pins", "log"),
        ordinal("ranks", ranks, f"{unit} of a channel", scale="log"),
    ]


def organisation_rules(family: Family, held: Held) -> list[Constraint]:
    """The constraints that knobs one by one do not keep.

    Args:
        family: of the devices.
        held: what every design has.

    Returns:
        Constraints of the space.
    """
    one = family.capacity(family.device, 1, 1) / GIB / family.data_pins

    def pins(c: Columns) -> NDArray[np.float64]:
        own = c["ranks"].astype(np.float64) if family.stacked else 1.0
        return np.asarray(_product(c, "channels", "channel_width") * own)

    def gib(c: Columns) -> NDArray[np.float64]:
        return one * _product(c, "channels", "channel_width", "ranks")

    rules = []
    if held.pins is not None:
        text = f"channels and channel_width do not make {held.pins} data pins"
        rules.append(Constraint("pins", _equal(pins, held.pins), text))
    if held.capacity is not None:
        text = f"the organisation does not hold {held.capacity:g} GiB"
        rules.append(Constraint("capacity", _equal(gib, held.capacity), text))
    return rules


def _product(columns: Columns, *names: str) -> NDArray[np.float64]:
    return np.asarray(np.prod([columns[n].astype(np.float64) for n in names], axis=0))


def _equal(
    of: Callable[[Columns], NDArray[np.float64]], wanted: float
) -> Callable[[Columns], NDArray[np.bool_]]:
    return lambda columns: np.asarray(np.abs(of(columns) - wanted) < 1e-9 * wanted)
