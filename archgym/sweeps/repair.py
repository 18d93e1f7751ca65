"""A damaged ledger: what it still tells is saved, the rest is planned again."""

from __future__ import annotations

from pathlib import Path

from .. import trust
from ..documents import read_json
from ..errors import StoreError
from .driver import LEDGER, SweepFolder
from .ledger import Ledger
from .plan import TUNING, from_sweep_document
from .selection import tested_runs


def repair(path: Path) -> tuple[int, int, int]:
    """Save what a damaged ledger still tells.

    The plan is computed anew from the sweep's file, so that only results that cannot be read are lost.
    The damaged file stays beside as ``ledger.damaged.sqlite``.

    Args:
        path: the sweep's folder.

    Returns:
        Runs kept, runs lost, runs planned in all.

    Raises:
        ScenarioError: ``sweep.json`` makes no sense.
        TrustError: it names code or programs that nobody has vouched for.
    """
    folder = SweepFolder(path)
    document = read_json(path / "sweep.json")
    with trust.reading(folder.place):
        sweep = from_sweep_document(document, str(path / "sweep.json"))
    with folder:
        damaged = path / "ledger.damaged.sqlite"
        for suffix in ("", "-wal", "-shm"):
            source = path / (LEDGER + suffix)
            if source.exists():
                source.replace(path / (damaged.name + suffix))
        folder.plan(sweep, _store_named(damaged))
        with Ledger(path / LEDGER) as fresh:
            try:
                old = Ledger(damaged)
            except StoreError:  # not even its first page can be read
                return 0, fresh.count(), fresh.count()
            with old:
                kept, lost = old.salvage((s.id for s in sweep.runs()), fresh)
                if sweep.test_seeds and not fresh.count(TUNING, "planned"):
                    fresh.plan(tested_runs(sweep, fresh))
                    more, worse = old.salvage((s.id for s in tested_runs(sweep, fresh)), fresh)
                    kept, lost = kept + more, lost + worse
            return kept, lost, fresh.count()


def _store_named(ledger: Path) -> str:
    """The store that a ledger names, damaged or not; '' where it names none or cannot be read."""
    try:
        with Ledger(ledger) as old:
            return str(old.meta("store") or "")
    except StoreError:
        return ""
