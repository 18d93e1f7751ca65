"""Design spaces of accelerators: knobs, and the architecture that a design stands for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archgym.space import categorical, ordinal, powers_of_two
from archgym.space import DesignSpace

from .architecture import Architecture, Level
from .technology import (
    BUFFER_CLASSES,
    DRAM_PJ_PER_BIT,
    Cost,
    buffer,
    multiplier,
    register_file,
    sram,
)

Design = Mapping[str, Any]


@dataclass(frozen=True)
class HardwareSpace:
    """A space and how its designs are built."""

    name: str
    space: DesignSpace
    build: Callable[[Design], Architecture]
    default: Design


def _dram(word: int, bits_per_cycle: float) -> Level:
    pj = DRAM_PJ_PER_BIT * 64
    return _level("DRAM", math.inf, Cost(pj, pj, 0.0), 64 / word, "WIO", shared_bits=bits_per_cycle)


def _level(name: str, bits: float, cost: Cost, block: float, keep: str, **more: Any) -> Level:
    """A level of ``bits``, ``block`` words an access, that holds ``keep`` and nothing else."""
    settings: dict[str, Any] = {"may_keep": "", "area_um2": cost.area_um2} | more
    return Level(
        name,
        bits,
        read_pj=cost.read_pj,
        write_pj=cost.write_pj,
        update_pj=cost.write_pj,
        block=block,
        must_keep=keep,
        **settings,
    )


# ---- ArchGym's 26 knobs
WORD, ARCHGYM_NODE = 16, 45
SPADS = {"ifmap": "I", "psum": "O", "weights": "W"}


def _archgym_space() -> DesignSpace:
    bandwidths, blocks = (2, 4, 8, 16), (1, 2, 4)
    depths = powers_of_two(2, 1 << 16)
    out = [
        ordinal("num_pes", tuple(range(14, 337, 14)), "processing elements"),
        ordinal("mac_mesh_x", (2, 7, 14), "PEs in a row"),
    ]
    for name in SPADS:
        out += [
            categorical(f"{name}_spad_class", BUFFER_CLASSES, "how the scratchpad is built"),
            ordinal(f"{name}_spad_depth", depths, "words of a port's width", scale="log"),
            ordinal(f"{name}_spad_block", blocks, "16-bit words a port is wide", scale="log"),
            ordinal(f"{name}_spad_read_bandwidth", bandwidths, "", "words/cycle", "log"),
            ordinal(f"{name}_spad_write_bandwidth", bandwidths, "", "words/cycle", "log"),
        ]
    out += [
        categorical("dummy_buffer_class", BUFFER_CLASSES, "the column buffers that hold nothing"),
        ordinal("dummy_buffer_depth", depths, "words", scale="log"),
        ordinal("dummy_buffer_block", blocks, "16-bit words a port is wide", scale="log"),
        categorical("glb_class", BUFFER_CLASSES, "how the global buffer is built"),
        ordinal("glb_depth", powers_of_two(1024, 65536), "words of a port's width", scale="log"),
        ordinal("glb_banks", (16, 32, 64, 128), "banks", scale="log"),
        ordinal("glb_block", blocks, "16-bit words a port is wide", scale="log"),
        ordinal("glb_read_bandwidth", bandwidths, "", "words/cycle", "log"),
        ordinal("glb_write_bandwidth", bandwidths, "", "words/cycle", "log"),
    ]
    return DesignSpace(out)


def _archgym_build(d: Design) -> Architecture:
    """Timeloop's Eyeriss-like layout: DRAM, global buffer, columns, three scratchpads a PE."""
    across = d["mac_mesh_x"]
    down = d["num_pes"] // across

    def level(name: str, prefix: str, keep: str, banks: int = 1, **more: Any) -> Level:
        port, depth = d[f"{prefix}_block"] * WORD, d[f"{prefix}_depth"]
        cost = buffer(d[f"{prefix}_class"], depth, port, ARCHGYM_NODE, banks)
        return _level(
            name, float(depth * port), cost, port / WORD, keep,
            read_bits=float(d[f"{prefix}_read_bandwidth"] * WORD),
            write_bits=float(d[f"{prefix}_write_bandwidth"] * WORD), **more,
        )  # fmt: skip

    port = d["dummy_buffer_block"] * WORD
    dummy = buffer(d["dummy_buffer_class"], d["dummy_buffer_depth"], port, ARCHGYM_NODE)
    glb = level("GLB", "glb", "IO", d["glb_banks"], fanout=(across, down))
    pj, area = multiplier(WORD, ARCHGYM_NODE)
    levels = (
        _dram(WORD, 1024.0),  # 25.6 GB/s at 200 MHz
        replace(glb, area_um2=glb.area_um2 + across * dummy.area_um2),
        *(level(f"{n}_spad", f"{n}_spad", SPADS[n]) for n in ("ifmap", "weights", "psum")),
    )
    return Architecture("archgym-timeloop", levels, pj, (WORD,) * 3, 200e6, area)


# ---- cleaner spaces
NODES, PRECISIONS = (65, 45, 28, 16), (8, 16)


def _eyeriss_space() -> DesignSpace:
    return DesignSpace(
        [
            ordinal("array_width", (4, 8, 12, 14, 16, 24, 32), "PEs across"),
            ordinal("array_height", (4, 8, 12, 16, 24, 32), "PEs down"),
            ordinal("glb_size", powers_of_two(16, 1024), "global buffer", "KB", "log"),
            ordinal("glb_banks", (2, 4, 8, 16, 32), "banks of the global buffer", scale="log"),
            ordinal("glb_bandwidth", (64, 128, 256, 512), "each way", "bit/cycle", "log"),
            ordinal("ifmap_words", (4, 8, 12, 16, 24, 32, 64), "input scratchpad", "words", "log"),
            ordinal("weight_words", powers_of_two(8, 512), "weight scratchpad", "words", "log"),
            ordinal("psum_words", (4, 8, 16, 24, 32, 64), "sum scratchpad", "words", "log"),
            ordinal("dram_bandwidth", (1.6, 3.2, 6.4, 12.8, 25.6), "memory", "GB/s", "log"),
            ordinal("precision", PRECISIONS, "word of a tensor", "bit", "log"),
            ordinal("node", NODES, "technology", "nm", "log"),
        ]
    )


CLOCK = 500e6


def _eyeriss_build(d: Design) -> Architecture:
    word, node = int(d["precision"]), int(d["node"])

    def spad(name: str, words: int, keep: str) -> Level:
        cost = register_file(words, word, node)
        if words * word >= 4096:  # 512 B: a macro is smaller
            cost = sram(words * word / 8, word, node)
        rate = 2.0 * word
        return _level(name, float(words * word), cost, 1.0, keep, read_bits=rate, write_bits=rate)

    glb, rate = sram(d["glb_size"] * 1024, 64, node, int(d["glb_banks"])), float(d["glb_bandwidth"])
    pj, area = multiplier(word, node)
    levels = (
        _dram(word, d["dram_bandwidth"] * 8e9 / CLOCK),
        _level(
            "GLB", d["glb_size"] * 8192.0, glb, 64 / word, "IO", may_keep="W", read_bits=rate,
            write_bits=rate, fanout=(int(d["array_width"]), int(d["array_height"])),
        ),
        spad("ifmap_spad", int(d["ifmap_words"]), "I"),
        spad("weight_spad", int(d["weight_words"]), "W"),
        spad("psum_spad", int(d["psum_words"]), "O"),
    )  # fmt: skip
    return Architecture("eyeriss", levels, pj, (word,) * 3, CLOCK, area)


def _simba_space() -> DesignSpace:
    return DesignSpace(
        [
            ordinal("pes", (4, 8, 16, 32, 64), "processing elements", scale="log"),
            ordinal("lanes", (2, 4, 8, 16), "outputs a PE works on at once", scale="log"),
            ordinal("vector_width", (2, 4, 8, 16), "products a lane adds up", scale="log"),
            ordinal("glb_size", powers_of_two(16, 1024), "global buffer", "KB", "log"),
            ordinal("glb_bandwidth", (64, 128, 256, 512), "each way", "bit/cycle", "log"),
            ordinal("input_buffer", powers_of_two(1, 64), "of a PE", "KB", "log"),
            ordinal("weight_buffer", powers_of_two(1, 64), "of a lane", "KB", "log"),
            ordinal("accumulator_words", powers_of_two(16, 512), "of a lane", "words", "log"),
            ordinal("dram_bandwidth", (3.2, 6.4, 12.8, 25.6, 51.2), "memory", "GB/s", "log"),
            ordinal("precision", PRECISIONS, "word of a tensor", "bit", "log"),
            ordinal("node", NODES, "technology", "nm", "log"),
        ]
    )


def _simba_build(d: Design) -> Architecture:
    word, node = int(d["precision"]), int(d["node"])
    lanes, width = int(d["lanes"]), int(d["vector_width"])
    glb = sram(d["glb_size"] * 1024, 64, node, max(1, int(d["glb_size"]) // 64))
    inputs = sram(d["input_buffer"] * 1024, width * word, node)
    weights = sram(d["weight_buffer"] * 1024, width * word, node)
    sums = register_file(int(d["accumulator_words"]), word, node)
    pj, area = multiplier(word, node)

    rate = float(d["glb_bandwidth"])
    levels = (
        _dram(word, d["dram_bandwidth"] * 8e9 / CLOCK),
        _level(
            "GLB", d["glb_size"] * 8192.0, glb, 64 / word, "I", may_keep="O",
            fanout=(int(d["pes"]), 1), read_bits=rate, write_bits=rate,
        ),
        _level(
            "input_buffer", d["input_buffer"] * 8192.0, inputs, width, "I",
            fanout=(lanes, 1), spatial_x="KG", read_bits=float(width * word),
        ),
        _level(
            "weight_buffer", d["weight_buffer"] * 8192.0, weights, width, "W",
            read_bits=float(width * word),
        ),
        _level(
            "accumulator", float(d["accumulator_words"] * word), sums, 1.0, "O",
            fanout=(1, width), spatial_y="C",
        ),
    )  # fmt: skip
    return Architecture("simba", levels, pj, (word,) * 3, CLOCK, area)


# Eyeriss' array and memories (ArchGym's baseline; scratchpads rounded up to powers of two), and a
# chiplet half the size of Simba's
ARCHGYM_DEFAULT: Design = {
    "num_pes": 168, "mac_mesh_x": 14,
    **{
        f"{name}_spad_{what}": value
        for name, depth in (("ifmap", 16), ("psum", 16), ("weights", 256))
        for what, value in (
            ("class", "smartbuffer_RF"), ("depth", depth), ("block", 1), ("read_bandwidth", 2),
            ("write_bandwidth", 2),
        )
    },
    "dummy_buffer_class": "regfile", "dummy_buffer_depth": 16, "dummy_buffer_block": 1,
    "glb_class": "smartbuffer_SRAM", "glb_depth": 16384, "glb_banks": 32, "glb_block": 4,
    "glb_read_bandwidth": 16, "glb_write_bandwidth": 16,
}  # fmt: skip
EYERISS_DEFAULT: Design = {
    "array_width": 14, "array_height": 12, "glb_size": 128, "glb_banks": 8, "glb_bandwidth": 256,
    "ifmap_words": 12, "weight_words": 256, "psum_words": 24, "dram_bandwidth": 6.4,
    "precision": 16, "node": 65,
}  # fmt: skip
SIMBA_DEFAULT: Design = {
    "pes": 16, "lanes": 8, "vector_width": 8, "glb_size": 64, "glb_bandwidth": 256,
    "input_buffer": 8, "weight_buffer": 4, "accumulator_words": 256, "dram_bandwidth": 12.8,
    "precision": 8, "node": 16,
}  # fmt: skip

SPACES: dict[str, Callable[[], HardwareSpace]] = {
    "archgym-timeloop": lambda: HardwareSpace(
        "archgym-timeloop", _archgym_space(), _archgym_build, ARCHGYM_DEFAULT
    ),
    "eyeriss": lambda: HardwareSpace("eyeriss", _eyeriss_space(), _eyeriss_build, EYERISS_DEFAULT),
    "simba": lambda: HardwareSpace("simba", _simba_space(), _simba_build, SIMBA_DEFAULT),
}
