"""What the tests of pages and notebooks share."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def library(wheel):
    """The wheel, installed into a folder of its own beside it."""
    made = wheel.parent / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(made), str(wheel)], check=True, capture_output=True)
    return made
