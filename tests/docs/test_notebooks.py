"""Every notebook runs in a kernel of its own; the slow form from an installed wheel."""

import os

import pytest

from tests.conftest import ROOT

nbclient = pytest.importorskip("nbclient")
jupytext = pytest.importorskip("jupytext")
pytest.importorskip("ipykernel")

NOTEBOOKS = {p.stem: p for p in sorted((ROOT / "examples" / "notebooks").glob("*.py"))}
QUICK = ("exercise", "external_program")
NEEDS = {"outside_rl": "stable_baselines3"}


def execute(name, folder, library=""):
    """Execute a notebook; an error in a cell fails the test with the cell and its traceback."""
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    if library:
        environment["PYTHONPATH"] = str(library)
    client = nbclient.NotebookClient(
        jupytext.read(NOTEBOOKS[name]), timeout=300, resources={"metadata": {"path": str(folder)}}
    )
    return client.execute(env=environment)


@pytest.mark.parametrize("name", QUICK)
def test_quick_notebook(name, tmp_path):
    execute(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_from_a_wheel(name, library, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    execute(name, tmp_path, library)


def test_there_is_one_for_every_domain_and_topic():
    assert set(NOTEBOOKS) >= {
        "dram", "accelerator", "soc", "ffet", "codesign", "external_program",
        "lottery", "proxies", "certified_optimum", "outside_rl", "exercise",
    }  # fmt: skip


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_begins_with_a_title_and_ends_with_a_check(name):
    text = NOTEBOOKS[name].read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    assert "\nassert " in text
