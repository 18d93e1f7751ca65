"""Which knob of an accelerator's space should relieve which resource."""

from __future__ import annotations

from collections.abc import Sequence

from archgym.contracts.explanation import Move

from .explaining import ARITHMETIC

Reliefs = dict[str, tuple[Move, ...]]
PIECES = {  # what makes each level of a space large
    "archgym-timeloop": {
        "GLB": "glb_depth- glb_banks- glb_class? dummy_buffer_depth- mac_mesh_x-",
        **{f"{s}_spad": f"{s}_spad_depth- {s}_spad_class? num_pes-" for s in ("ifmap", "weights", "psum")},
        ARITHMETIC: "num_pes-",
    },
    "eyeriss": {
        "GLB": "glb_size- node-", "ifmap_spad": "ifmap_words- array_width- node-",
        "weight_spad": "weight_words- array_width- node-", "psum_spad": "psum_words- array_width- node-",
        ARITHMETIC: "array_width- array_height- precision- node-",
    },
    "simba": {
        "GLB": "glb_size- node-", "input_buffer": "input_buffer- pes- node-",
        "weight_buffer": "weight_buffer- lanes- pes- node-",
        "accumulator": "accumulator_words- lanes- node-", ARITHMETIC: "vector_width- lanes- pes- node-",
    },
}  # fmt: skip


def _moves(text: str) -> tuple[Move, ...]:
    """``"glb_depth+ node-"``: a knob and the way it goes; ``?`` for any other value."""
    return tuple(Move(word[:-1], {"+": 1, "-": -1, "?": 0}[word[-1]]) for word in text.split())


def _archgym() -> tuple[Reliefs, Reliefs]:
    spads = ("ifmap", "weights", "psum")
    more_reuse = " ".join(f"{s}_spad_depth+" for s in spads)
    energy = {
        "DRAM": _moves("glb_depth+ glb_block+ " + more_reuse),
        "GLB": _moves(f"glb_block+ glb_depth- glb_banks+ glb_class? {more_reuse}"),
    }
    time = {
        ARITHMETIC: _moves("num_pes+ mac_mesh_x+ mac_mesh_x-"),
        "DRAM port": _moves("glb_depth+ " + more_reuse),
        "GLB port": _moves(f"glb_read_bandwidth+ glb_write_bandwidth+ {more_reuse}"),
    }
    for s in spads:
        energy[f"{s}_spad"] = _moves(
            f"{s}_spad_depth- {s}_spad_class? {s}_spad_block+ {s}_spad_block-"
        )
        time[f"{s}_spad port"] = _moves(f"{s}_spad_read_bandwidth+ {s}_spad_write_bandwidth+")
    return energy, time


def _eyeriss() -> tuple[Reliefs, Reliefs]:
    reuse = "ifmap_words+ weight_words+ psum_words+"
    energy = {
        "DRAM": _moves("glb_size+ precision- " + reuse),
        "GLB": _moves(f"{reuse} glb_size- glb_banks+ node- precision-"),
        ARITHMETIC: _moves("node- precision-"),
    }
    for name, knob in (("ifmap", "ifmap"), ("weight", "weight"), ("psum", "psum")):
        energy[f"{name}_spad"] = _moves(f"{knob}_words- node- precision-")
    time = {
        ARITHMETIC: _moves("array_width+ array_height+"),
        "DRAM port": _moves("dram_bandwidth+ glb_size+ precision-"),
        "GLB port": _moves(f"glb_bandwidth+ precision- {reuse}"),
    }
    return energy, time


def _simba() -> tuple[Reliefs, Reliefs]:
    energy = {
        "DRAM": _moves("glb_size+ precision- weight_buffer+ input_buffer+ accumulator_words+"),
        "GLB": _moves("input_buffer+ weight_buffer+ glb_size- node- precision-"),
        "input_buffer": _moves("lanes+ input_buffer- node- precision-"),
        "weight_buffer": _moves("weight_buffer- accumulator_words+ node- precision-"),
        "accumulator": _moves("vector_width+ accumulator_words- node-"),
        ARITHMETIC: _moves("node- precision-"),
    }
    time = {
        ARITHMETIC: _moves("pes+ lanes+ vector_width+"),
        "DRAM port": _moves("dram_bandwidth+ glb_size+ precision-"),
        "GLB port": _moves("glb_bandwidth+ input_buffer+ precision-"),
        "input_buffer port": _moves("input_buffer+ vector_width+"),
        "weight_buffer port": _moves("weight_buffer+ vector_width+"),
        "first fill and last drain": _moves("dram_bandwidth+ glb_bandwidth+"),
    }
    return energy, time


RELIEFS = {"archgym-timeloop": _archgym, "eyeriss": _eyeriss, "simba": _simba}


def mapping_relief(knobs: Sequence[str], levels: Sequence[str]) -> tuple[Reliefs, Reliefs]:
    """A mapping's own knobs: larger tiles and other stationary tensors move less, unrolling is faster.

    Args:
        knobs: of the mapping space.
        levels: of the machine, outermost first.

    Returns:
        (moves that lower energy by level, moves that lower time by resource).
    """
    unroll = tuple(Move(k, 0) for k in knobs if k.startswith("parallel."))
    unroll += tuple(Move(k, 1) for k in knobs if k.endswith("num_pe"))
    tiles = [k for k in knobs if k.startswith("tile.")]
    orders = tuple(Move(k, 0) for k in knobs if k.startswith(("order.", "keep.")))
    grow = tuple(Move(k, step) for k in tiles for step in (1, -1))
    energy = dict.fromkeys(levels, (*grow, *orders, *unroll))
    time = {ARITHMETIC: (*unroll, *grow), "first fill and last drain": grow}
    for level in levels:
        time[f"{level} port"] = time[f"network into {level}"] = (*grow, *orders, *unroll)
    return energy, time


def area_relief(space: str) -> Reliefs:
    """Moves that make a level smaller, by level.

    Args:
        space: a name of ``hardware.SPACES``.

    Returns:
        The moves.
    """
    return {level: _moves(text) for level, text in PIECES[space].items()}
