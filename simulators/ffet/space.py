"""The design space of a block, and what cannot be built."""

from __future__ import annotations

from archgym.space import DesignSpace, categorical, ordinal

from .technology import MOST_LAYERS, devices

UTILIZATIONS = tuple(round(0.46 + 0.02 * i, 2) for i in range(23))
BACK_SHARES = (0.0, 0.04, 0.16, 0.3, 0.4, 0.5)


def space() -> DesignSpace:
    """Nine knobs; combinations that cannot be built are infeasible, not errors."""
    tenths = tuple(round(0.1 * i, 1) for i in range(5, 31))
    return DesignSpace(
        (
            categorical("technology", tuple(devices()), "transistor architecture and cell height"),
            ordinal("front_layers", tuple(range(2, MOST_LAYERS + 1)), "signal layers at the front"),
            ordinal("back_layers", tuple(range(MOST_LAYERS + 1)), "signal layers at the back"),
            ordinal("back_pin_share", BACK_SHARES, "share of input pins at the back"),
            ordinal("utilization", UTILIZATIONS, "cell area over core area"),
            ordinal("aspect_ratio", (0.5, 0.7, 1.0, 1.4, 2.0), "height over width of the core"),
            ordinal("target_frequency", tenths, "what sizing aims at", "GHz"),
            ordinal("vdd", (0.6, 0.65, 0.7, 0.75), "supply", "V"),
            ordinal("overlay_nm", (0.0, 2.0, 4.0, 6.0, 8.0), "by which both sides miss each other", "nm"),
        )
    )  # fmt: skip


def unbuildable(
    dual_sided: bool, front_layers: int, back_layers: int, back_pin_share: float
) -> str:
    """Why a combination cannot be built.

    Args:
        dual_sided: whether the technology has signals at the back.
        front_layers: signal layers at the front.
        back_layers: signal layers at the back.
        back_pin_share: share of the input pins at the back.

    Returns:
        A phrase; empty where it can be built.
    """
    if back_layers and not dual_sided:
        return f"{back_layers} signal layers at the back of a CFET, which has power there"
    if back_pin_share and not dual_sided:
        return "input pins at the back of a CFET, whose cells have pins at the front only"
    if back_pin_share and back_layers < 2:
        return f"input pins at the back with {back_layers} signal layers there; wires need two"
    if back_layers == 1:
        return "one signal layer at the back cannot route two directions"
    return ""
