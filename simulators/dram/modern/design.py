"""A controller by names, in kernel codes; what cannot work is refused here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archgym.errors import ArchgymError

from .standards import ModernDevice
from .state import Controller
from .tables import REFRESH, units

PAGE_POLICIES = ("Open", "OpenAdaptive", "Closed", "ClosedAdaptive")
SCHEDULERS = ("Fifo", "FrFcfs", "FrFcfsGrp", "GrpFrFcfs", "GrpFrFcfsWm")
BUFFERS = ("Bankwise", "ReadWrite", "Shared")
RESPONSE_QUEUES = ("Fifo", "Reorder")
POWER_DOWN = ("NoPowerDown", "Staggered")
ARBITERS = ("Simple", "Fifo", "Reorder")
MAX_BUFFER, MAX_RANKS, MAX_CHANNELS = 64, 4, 16


@dataclass(frozen=True)
class Design:
    """The knobs of DRAMSys' controller, and the organisation of the memory behind it."""

    page_policy: str = "Open"
    scheduler: str = "FrFcfs"
    scheduler_buffer: str = "Bankwise"
    request_buffer_size: int = 8
    response_queue: str = "Fifo"
    refresh_policy: str = "AllBank"
    refresh_max_postponed: int = 0
    refresh_max_pulled_in: int = 0
    power_down_policy: str = "NoPowerDown"
    arbiter: str = "Simple"
    max_active_transactions: int = 128
    address_mapping: str = "bgi"
    ranks: int = 1
    channels: int = 1
    fine_granularity: int = 1
    low_watermark: int = 0
    high_watermark: int = 0
    refresh_management: bool = False
    command_mux: str = "Oldest"


def faults_of(design: Design, device: ModernDevice, request_bytes: int) -> list[str]:
    """Everything about a design that a device cannot carry out.

    Args:
        design: the controller and the organisation, by names.
        device: what it is to control.
        request_bytes: bytes of every request.

    Returns:
        A text for each fault, none where the design can work.
    """
    d, out = design, []
    refresh = ("NoRefresh", *device.standard.refresh)
    for name, allowed in (
        ("page_policy", PAGE_POLICIES),
        ("scheduler", SCHEDULERS),
        ("scheduler_buffer", BUFFERS),
        ("response_queue", RESPONSE_QUEUES),
        ("refresh_policy", refresh),
        ("power_down_policy", POWER_DOWN if device.standard.power_down else POWER_DOWN[:1]),
        ("arbiter", ARBITERS),
        ("command_mux", ("Oldest",)),
    ):
        if getattr(d, name) not in allowed:
            out.append(f"{name} {getattr(d, name)!r}: {device.name} takes {', '.join(allowed)}")
    for name, low, high in (
        ("request_buffer_size", 1, MAX_BUFFER),
        ("refresh_max_postponed", 0, 8),
        ("refresh_max_pulled_in", 0, 8),
        ("max_active_transactions", 1, 1 << 20),
    ):
        if not low <= getattr(d, name) <= high:
            out.append(f"{name} {getattr(d, name)}: expected {low} to {high}")
    for name, high in (("ranks", MAX_RANKS), ("channels", MAX_CHANNELS)):
        value = getattr(d, name)
        if value < 1 or value > high or value & (value - 1):
            out.append(f"{name} {value}: expected a power of two up to {high}")
    fine = (1, *(n for n in (2, 4) if f"RFC{n}" in device.t))
    if d.fine_granularity not in fine:
        out.append(f"fine_granularity {d.fine_granularity}: {device.name} takes {fine}")
    if d.scheduler == "GrpFrFcfsWm" and not 0 < d.low_watermark < d.high_watermark:
        out.append(
            f"watermarks {d.low_watermark} and {d.high_watermark}: GrpFrFcfsWm wants 0 < low < high"
        )
    if d.refresh_management and not (
        device.management[0] and d.refresh_policy in ("AllBank", "SameBank")
    ):
        out.append("refresh_management: wants DDR5 with refresh policy AllBank or SameBank")
    bursts = request_bytes // device.burst_bytes
    if bursts > 1 and d.response_queue == "Reorder":
        out.append("response_queue Reorder: loses bursts of requests longer than one")
    if bursts > d.request_buffer_size:
        out.append(
            f"requests of {request_bytes} bytes are {bursts} bursts: they never fit a buffer of "
            f"{d.request_buffer_size}"
        )
    return out


def controller_of(design: Design, device: ModernDevice, request_bytes: int) -> Controller:
    """A design in kernel codes.

    Args:
        design: the controller and the organisation, by names.
        device: what it is to control.
        request_bytes: bytes of every request.

    Returns:
        The codes; what may be postponed and pulled in is counted in units of refresh.

    Raises:
        ArchgymError: every fault of the design at once.
    """
    faults = faults_of(design, device, request_bytes)
    if faults:
        raise ArchgymError("this controller cannot work: " + "; ".join(faults))
    d, each = design, units(device, design.refresh_policy)
    return Controller(
        PAGE_POLICIES.index(d.page_policy),
        SCHEDULERS.index(d.scheduler),
        BUFFERS.index(d.scheduler_buffer),
        d.request_buffer_size,
        d.response_queue == "Reorder",
        REFRESH.index(d.refresh_policy),
        d.refresh_max_postponed * each,
        d.refresh_max_pulled_in * each,
        d.power_down_policy == "Staggered",
        ARBITERS.index(d.arbiter),
        d.max_active_transactions,
        d.low_watermark,
        d.high_watermark,
        bool(d.refresh_management),
    )


def design_of(values: Mapping[str, Any]) -> Design:
    """A design from named values.

    Args:
        values: by the names of :class:`Design`'s fields; those not named keep their defaults.

    Returns:
        The design; its values are not looked at.

    Raises:
        ArchgymError: a name that no knob has.
    """
    unknown = sorted(set(values) - set(Design.__dataclass_fields__))
    if unknown:
        raise ArchgymError(
            f"unknown knobs {', '.join(unknown)}; expected {', '.join(Design.__dataclass_fields__)}"
        )
    return Design(**values)
