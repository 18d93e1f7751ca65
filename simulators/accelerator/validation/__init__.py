"""``archgym validate accelerator``: the model against Timeloop, ZigZag, SCALE-Sim, MAESTRO, silicon."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from archgym.terminal.output import busy
from archgym.validation import Check, Validation, reference_file, together
from archgym.errors import ArchgymError

INSTALLED = ("timeloop_reference.json", "dnn_reference.json", "mapping_optima_reference.json")
EFFORT = 4_000_000  # of a search, most of which end long before


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym validate accelerator``.

    Args:
        parser: the subcommand's parser.
    """
    parser.description = __doc__
    parser.add_argument(
        "--reference",
        type=Path,
        help="a file of the form of timeloop_reference.json, dnn_reference.json or "
        "mapping_optima_reference.json (default: all three, which are installed)",
    )
    parser.add_argument(
        "--effort",
        type=int,
        default=EFFORT,
        metavar="NESTS",
        help="nests that a search for one of AccelForge's optima may evaluate; 0: no search",
    )
    parser.set_defaults(go=_go)


def _go(options: argparse.Namespace) -> Validation:
    if options.effort < 0:
        raise ArchgymError(f"--effort must be at least 0, got {options.effort}")
    with busy("computing the reference rows …", options.json):
        if options.reference is not None:
            return validate(options.reference, options.effort)
        return together([validate(reference_file(name), options.effort) for name in INSTALLED])


def validate(reference: Path, effort: int = EFFORT) -> Validation:
    """All checks that a reference file allows, and tables of detail.

    Args:
        reference: a file of the form of ``timeloop_reference.json``, ``dnn_reference.json`` or
            ``mapping_optima_reference.json``.
        effort: nests that a search for one of AccelForge's optima may evaluate; 0: no search.

    Returns:
        The checks and their details.

    Raises:
        ArchgymError: the file cannot be read or is of another form.
    """
    try:
        data = json.loads(reference.read_text(encoding="utf-8"))
        if "architectures" in data:
            from . import timeloop

            return Validation(timeloop.check(data), reference=str(reference))
        if "random_mappings" in data or "optima" in data:
            from . import optima

            return Validation(optima.check(data, effort), reference=str(reference))
        checks, details = _networks(data)
        return Validation(checks, details, str(reference))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error, ArchgymError):
            raise
        raise ArchgymError(
            f"{reference}: not an accelerator reference file ({type(error).__name__}: {error}); expected "
            "the form of timeloop_reference.json, dnn_reference.json or mapping_optima_reference.json"
        ) from error


def _networks(data: dict[str, Any]) -> tuple[list[Check], dict[str, list[dict[str, Any]]]]:
    from . import maestro, scalesim, silicon, zigzag
    from .shapes import shapes_of

    shapes = shapes_of(data)
    checks: list[Check] = []
    details: dict[str, list[dict[str, Any]]] = {}
    if "zigzag" in data:
        checks += zigzag.check(data, shapes)
    if "scalesim" in data:
        checks += scalesim.check(data, shapes)
    if "maestro" in data:
        checks += maestro.check(data, shapes)
    if "silicon" in data:
        check, details["Eyeriss, AlexNet at N = 4"] = silicon.eyeriss(data, shapes)
        more, details["NVDLA, ResNet-50"] = silicon.nvdla(data)
        checks += [check, *more]
    if not checks:
        raise ArchgymError("the file has none of the tables zigzag, scalesim, maestro, silicon")
    return checks, details
