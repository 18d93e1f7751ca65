"""What is reached from archgym, and what importing it costs."""

import subprocess
import sys

import pytest

import archgym

HEAVY = (
    "numba",
    "pandas",
    "matplotlib",
    "plotly",
    "torch",
    "scipy",
    "sklearn",
    "pyarrow",
    "optuna",
)


@pytest.mark.parametrize("name", archgym.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    found = getattr(archgym, name)
    assert name == "__version__" or found.__doc__


def test_unknown_names_are_no_attributes():
    assert sorted(dir(archgym)) == sorted(archgym.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        archgym.sweeep  # noqa: B018


def test_importing_archgym_imports_nothing_heavy():
    code = f"import sys, archgym; print([m for m in {HEAVY!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
