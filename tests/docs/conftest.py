"""What the tests of pages and notebooks share."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The wheel, installed into a folder of its own."""
    pytest.importorskip("build")
    made = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(made)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = made.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(made / "installed"), str(wheel)], check=True, capture_output=True)
    return made / "installed"
