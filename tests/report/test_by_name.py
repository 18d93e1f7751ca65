"""Sweeps from Python, with a store of their own choice."""

import json

import pytest

import archgym
from archgym.sweeps.driver import LEDGER
from archgym.sweeps.ledger import Ledger


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_sweep_keeps_evaluations_where_it_is_told_and_says_so(tmp_path, form):
    """A URL is one, not a path whose slashes may be folded."""
    if "://" in form:
        pytest.importorskip("sqlalchemy", reason="stores by URL need the extra server")
    plan = tmp_path / "mine.yaml"
    document = {
        "name": "mine", "scenarios": ["codesign/measured-joint"], "budget": 10,
        "agents": [{"agent": "random_walk", "seeds": 2}],
    }  # fmt: skip
    plan.write_text(json.dumps(document))
    kept = tmp_path / "kept.sqlite"
    store = form.format(kept)
    results = archgym.run_sweep(plan, tmp_path / "sweep", workers=1, store=store)
    assert len(results.runs) == 2
    assert kept.exists()
    with Ledger(tmp_path / "sweep" / LEDGER) as ledger:
        assert str(kept) in ledger.meta("store")
    assert len(archgym.resume_sweep(tmp_path / "sweep", workers=1).runs) == 2
