"""Installed versions of the packages that a result may depend on."""

from __future__ import annotations

from importlib import metadata

PACKAGES = (
    "archgym",
    "numpy",
    "numba",
    "scipy",
    "scikit-learn",
    "scikit-optimize",
    "torch",
    "stable-baselines3",
)


def versions() -> dict[str, str]:
    """Installed versions of the packages that a result may depend on."""
    out = {}
    for name in PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out
