"""Tests of agents that train or fit models run without the tracer of coverage: it doubles their time.

The tracer looks at the core, which the same tests of the other agents run through.
"""

from pathlib import Path

HERE = Path(__file__).parent
TRAINED = {
    "a2c", "bayesian_optimization", "botorch", "dqn", "farsi", "guided", "maskable_ppo", "nasaic",
    "nasaic-2020", "ppo", "reinforce_controller", "sac", "tpe", "transfer",
}  # fmt: skip


def pytest_collection_modifyitems(items):
    """Mark them; the hook sees the items of all folders."""
    for item in items:
        given = getattr(item, "callspec", None)
        if item.path.parent != HERE or given is None:
            continue
        if given.params.get("name") in TRAINED or "surrogate" in given.params:
            item.add_marker("no_cover")
