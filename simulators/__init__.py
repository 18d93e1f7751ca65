"""Simulators: one folder a domain, pure functions of designs."""

from __future__ import annotations

from typing import Any

_PUBLIC = {
    "AcceleratorSimulator": "accelerator",
    "DRAMSimulator": "dram",
    "MappingSimulator": "accelerator",
    "SoCSimulator": "soc",
    "SubprocessSimulator": "external",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
