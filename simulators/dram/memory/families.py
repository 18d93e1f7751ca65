"""Families of memories: speed bins, widths of a channel, pins, capacity.

A device of ``modern.devices`` is one channel of one width.  A wider or narrower channel has more or
fewer chips side by side: pages, bursts, energy and capacity go with their number, timings stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archgym.errors import UnknownNameError

from ..devices import Device, Mapping
from ..modern.devices import MODERN_DEVICES
from ..modern.mappings import parse_mapping, widths
from ..modern.standards import ModernDevice

GIB = 1 << 30


@dataclass(frozen=True)
class Family:
    """What one may build from the devices of a standard.

    Attributes:
        name: as the setting ``device`` has it.
        bins: speed bins, slowest first, names of ``MODERN_DEVICES``.
        data_pins: of a channel (HBM: of a pseudo channel) as the device's table describes it.
        widths: data pins of a channel that may be built.
        ranks: per channel; for HBM its pseudo channels, which have data pins of their own.
        channels: independent controllers.
        stacked: ranks are pseudo channels.
    """

    name: str
    bins: tuple[str, ...]
    data_pins: int
    widths: tuple[int, ...]
    ranks: tuple[int, ...] = (1, 2, 4)
    channels: tuple[int, ...] = (1, 2, 4, 8)
    stacked: bool = False

    @property
    def device(self) -> ModernDevice:
        """The slowest bin at its table's width."""
        return MODERN_DEVICES[self.bins[0]]

    @property
    def has_energy(self) -> bool:
        """Whether an open power model exists."""
        return bool(self.device.volts)

    def built(self, speed_bin: str, width: int) -> ModernDevice:
        """A channel of some speed bin and width.

        Args:
            speed_bin: one of ``bins``.
            width: data pins, one of ``widths``.

        Returns:
            The device.
        """
        device = MODERN_DEVICES[speed_bin]
        if width == self.data_pins:
            return device
        return replace(
            device,
            burst_bytes=device.burst_bytes * width // self.data_pins,
            devices=device.devices * width // self.data_pins,
        )

    def pins(self, width: int, ranks: int, channels: int) -> int:
        """Data pins of the whole memory.

        Args:
            width: data pins of a channel.
            ranks: of a channel.
            channels: of the memory.

        Returns:
            A count.
        """
        return width * channels * (ranks if self.stacked else 1)

    def capacity(self, device: ModernDevice, ranks: int, channels: int) -> int:
        """The size of the whole memory.

        Args:
            device: a channel.
            ranks: of a channel.
            channels: of the memory.

        Returns:
            Bytes.
        """
        return capacity_of(device, ranks, channels)


FAMILIES = {
    f.name: f
    for f in (
        Family("DDR4", ("DDR4-2400",), 64, (16, 32, 64)),
        Family("DDR5", ("DDR5-4800", "DDR5-6400"), 32, (16, 32)),
        Family("LPDDR4", ("LPDDR4-3200",), 16, (16, 32), (1, 2)),
        Family("LPDDR5", ("LPDDR5-6400",), 16, (16, 32), (1, 2)),
        Family("HBM2", ("HBM2",), 64, (64,), (1, 2), (1, 2, 4, 8), True),
        Family("HBM3", ("HBM3-6400",), 32, (32,), (1, 2), (1, 2, 4, 8, 16), True),
        Family("GDDR6", ("GDDR6-14000",), 16, (16,), (1, 2), (1, 2, 4, 8, 16)),
    )
}


def family_named(name: str) -> Family:
    """A family by name.

    Args:
        name: a key of ``FAMILIES``.

    Returns:
        The family.

    Raises:
        UnknownNameError: no such family.
    """
    if name not in FAMILIES:
        raise UnknownNameError("memory", name, list(FAMILIES))
    return FAMILIES[name]


def capacity_of(device: ModernDevice, ranks: int, channels: int) -> int:
    """The size of a memory.

    Args:
        device: a channel.
        ranks: of a channel.
        channels: of the memory.

    Returns:
        Bytes.
    """
    return 1 << sum(widths(device, ranks, channels).values())


def as_device(
    family: Family, clock_ps: int, request_bytes: int, ranks: int, channels: int
) -> Device:
    """A memory as the reading layer of traces wants it: clock, request size, capacity, geometry.

    Args:
        family: whose slowest bin and narrowest channel it is.
        clock_ps: what a cycle lasts.
        request_bytes: of one request.
        ranks: of a channel.
        channels: of the memory.

    Returns:
        A device without currents.
    """
    device = family.built(family.bins[0], family.widths[0])
    bits = parse_mapping("rbc", device, ranks, channels)

    def of(*fields: str) -> tuple[int, ...]:
        return tuple(bit[0] for field in fields for bit in bits[field])

    return Device(
        name=f"{family.name} ({channels} channels of {ranks} ranks)",
        generation=family.name,
        source="modern.devices",
        rules="",
        clock_ps=clock_ps,
        devices=device.devices,
        bank_groups=device.groups,
        banks=device.banks,
        capacity_bytes=capacity_of(device, ranks, channels),
        burst_cycles=device.burst_cycles,
        request_bytes=request_bytes,
        t={"REFI": device.t["REFI"] * device.clock_ps // clock_ps},
        vdd_v=0.0,
        vdd={},
        mappings={
            "row-bank-column": Mapping(
                of("column"), of("group"), of("bank", "stack", "rank", "channel"), of("row")
            )
        },
    )
