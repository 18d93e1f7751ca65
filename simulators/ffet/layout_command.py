"""``archgym ffet layout``: placement, congestion of both sides and the critical path, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from archgym.errors import ArchgymError

from .designs import named
from .drawing import draw_layout
from .floorplan import NoRoom


def add_layout(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym ffet layout``.

    Args:
        parser: the subcommand's parser.
    """
    parser.add_argument("what", help="a run folder (its best design) or a scenario (its reference)")
    parser.add_argument(
        "--design", help="changes: NAME=VALUE,NAME=VALUE…, or a .yaml file (default: none)"
    )
    parser.add_argument("--output", type=Path, help="the picture (default: layout.png)")
    parser.set_defaults(go=_layout)


def _layout(options: argparse.Namespace) -> None:
    simulator, choices = named(options.what, options.design)
    try:
        block, _ = simulator.build_one(choices, simulator.seed)
    except NoRoom as error:
        raise ArchgymError(f"this design has no layout: {error}") from None
    folder = Path(options.what)
    target = options.output or (folder / "layout.png" if folder.is_dir() else Path("layout.png"))
    draw_layout(block, target)
    print(f"Layout: {target}")
