"""GPUs and number formats: what a chip moves and multiplies, and what a quantised model stores."""

from __future__ import annotations

from dataclasses import dataclass

from archgym.errors import ArchgymError, UnknownNameError


@dataclass(frozen=True)
class Device:
    """A GPU; dense operations, without structured sparsity.

    Args:
        name: of the board.
        bandwidth: of its memory, B/s.
        memory: B.
        bf16: FLOP/s.
        fp8: FLOP/s; 0 where it has none.
        fp4: FLOP/s; 0 where it has none.
        link: to other GPUs of its node, B/s one way.
        power: the limit of the board, W (NVIDIA's data sheets).
        node: GPUs that are joined by the fast links.
    """

    name: str
    bandwidth: float
    memory: float
    bf16: float
    fp8: float
    fp4: float
    link: float
    power: float
    node: int = 8

    def peak(self, math: str) -> float:
        """FLOP/s in a format. Where the GPU lacks the format, those of the next wider one.

        Args:
            math: ``bf16``, ``fp8`` or ``fp4``.

        Returns:
            Operations per second.
        """
        if math == "fp4" and self.fp4:
            return self.fp4
        return self.fp8 if math != "bf16" and self.fp8 else self.bf16


_T, _G = 1e12, 1e9
DEVICES = {
    d.name: d
    for d in (
        Device("a100_sxm", 2.04 * _T, 80 * _G, 312 * _T, 0.0, 0.0, 300 * _G, 400.0),
        Device("h100_sxm", 3.35 * _T, 86 * _G, 989 * _T, 1978 * _T, 0.0, 450 * _G, 700.0),
        Device("h200_sxm", 4.8 * _T, 151 * _G, 989 * _T, 1978 * _T, 0.0, 450 * _G, 700.0),
        Device("b200_sxm", 7.7 * _T, 193 * _G, 2250 * _T, 4500 * _T, 9000 * _T, 900 * _G, 1000.0),
        Device("gb200", 8.0 * _T, 199 * _G, 2500 * _T, 5000 * _T, 10000 * _T, 900 * _G, 1200.0, 72),
        Device("b300_sxm", 7.75 * _T, 288 * _G, 2250 * _T, 4500 * _T, 14000 * _T, 900 * _G, 1100.0),
        Device("gb300", 8.0 * _T, 298 * _G, 2500 * _T, 5000 * _T, 15000 * _T, 900 * _G, 1400.0, 72),
    )
}


@dataclass(frozen=True)
class Format:
    """How a model is stored and multiplied.

    Args:
        name: of the format.
        dense: bytes of an element of attention and dense parts, scales included.
        expert: bytes of an element of experts.
        cache: bytes of an element of the cache.
        dense_math: format that dense parts multiply in.
        expert_math: format that experts multiply in.
        needs: format that a GPU must have; empty where every one serves.
    """

    name: str
    dense: float
    expert: float
    cache: float
    dense_math: str
    expert_math: str
    needs: str = ""


# four bits and a scale of one byte for 16 elements (nvfp4) or for 32 (mxfp4, int4)
FORMATS = {
    f.name: f
    for f in (
        Format("bf16", 2.0, 2.0, 2.0, "bf16", "bf16"),
        Format("fp8", 1.0, 1.0, 1.0, "fp8", "fp8", "fp8"),
        Format("nvfp4", 0.5625, 0.5625, 1.0, "fp4", "fp4", "fp4"),
        Format("int4", 2.0, 0.53125, 2.0, "bf16", "bf16"),
        Format("mxfp4", 2.0, 0.53125, 2.0, "bf16", "bf16"),
    )
}
FORMAT_NAMES = {"fp4": "nvfp4", "fp8_block": "fp8", "int4_wo": "int4", "fp16": "bf16"}


def device(name: str) -> Device:
    """A GPU by name.

    Args:
        name: as in the table, without regard to case; ``_sxm`` may be left out.

    Returns:
        The GPU.

    Raises:
        UnknownNameError: there is none. The message suggests the nearest.
    """
    short = name.lower().replace("-", "_")
    found = DEVICES.get(short) or DEVICES.get(f"{short}_sxm")
    if found is None:
        raise UnknownNameError("GPU", name, sorted(DEVICES))
    return found


def number_format(name: str) -> Format:
    """A number format by name.

    Args:
        name: of a format, without regard to case.

    Returns:
        The format.

    Raises:
        UnknownNameError: there is none. The message suggests the nearest.
    """
    found = FORMATS.get(FORMAT_NAMES.get(name.lower(), name.lower()))
    if found is None:
        raise UnknownNameError("number format", name, sorted({*FORMATS, *FORMAT_NAMES}))
    return found


def require(gpu: Device, precision: Format) -> None:
    """Refuse a format that a GPU does not multiply in.

    Args:
        gpu: the GPU.
        precision: the format.

    Raises:
        ArchgymError: the GPU does not; the message names the GPUs that do.
    """
    if precision.needs and not getattr(gpu, precision.needs):
        having = [d.name for d in DEVICES.values() if getattr(d, precision.needs)]
        raise ArchgymError(
            f"{gpu.name} does not multiply in {precision.needs}, which {precision.name} needs; "
            f"expected one of {', '.join(having)}, or another format"
        )
