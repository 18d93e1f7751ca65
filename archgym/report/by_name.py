"""``archgym.run_sweep``: a sweep from Python, as ``archgym sweep`` carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ArchgymError
from ..sweeps import driver
from ..sweeps.engine import make_engine
from ..sweeps.ledger import Ledger
from ..sweeps.plan import Sweep, from_sweep_document, load_sweep
from ..sweeps.runs_file import write_runs
from ..terminal.output import bar_of
from .results import Results


def run_sweep(
    sweep: str | Path | Mapping[str, Any] | Sweep,
    output: str | Path | None = None,
    *,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    timeout: float | None = None,
    store: str | Path | None = None,
    progress: bool = False,
) -> Results:
    """Carry out a sweep in a new folder.

    Args:
        sweep: the path of a sweep's ``.yaml``, the name of a study that ships, the mapping that
            such a file holds, or a sweep.
        output: its folder (default: ``sweeps/NAME``).
        workers: processes (default: all cores).
        engine: ``local`` or ``ray``.
        address: of a Ray cluster.
        timeout: seconds a run may take (default: the sweep's).
        store: where evaluations are kept, a path or URL, which other sweeps may share (default: a file in the
            folder).
        progress: show a progress bar.

    Returns:
        All finished runs. ``.runs`` is a data frame with one row per run; :func:`archgym.write_report`
        makes the page.

    Raises:
        ArchgymError: a file that makes no sense, or a folder that holds a sweep already.
    """
    if isinstance(sweep, Mapping):
        made = from_sweep_document(sweep)
    else:
        made = sweep if isinstance(sweep, Sweep) else load_sweep(Path(sweep))
    folder = driver.SweepFolder.create(Path(output or Path("sweeps") / made.name), made, store)
    return _carried_out(folder, made, workers, engine, address, timeout, store, progress)


def resume_sweep(
    folder: str | Path,
    *,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    timeout: float | None = None,
    store: str | Path | None = None,
    progress: bool = False,
) -> Results:
    """Go on with a sweep that was interrupted.

    Args:
        folder: the sweep's folder.
        workers: processes (default: all cores).
        engine: ``local`` or ``ray``.
        address: of a Ray cluster.
        timeout: seconds a run may take (default: the sweep's).
        store: where evaluations are kept, a path or URL (default: where the sweep began).
        progress: show a progress bar.

    Returns:
        All finished runs, those from before the interruption included.

    Raises:
        ArchgymError: the folder holds no sweep, or ``workers`` is below 1.
    """
    there = driver.SweepFolder(Path(folder))
    return _carried_out(there, there.sweep(), workers, engine, address, timeout, store, progress)


def _carried_out(
    folder: driver.SweepFolder,
    sweep: Sweep,
    workers: int | None,
    engine: str,
    address: str | None,
    timeout: float | None,
    store: str | Path | None,
    progress: bool,
) -> Results:
    if workers is not None and workers < 1:
        raise ArchgymError(f"workers must be at least 1, got {workers}")
    limit = sweep.timeout if timeout is None else timeout
    with bar_of(1, sweep.name, quiet=not progress) as bar:

        def show(p: driver.SweepProgress) -> None:
            if bar is not None:
                bar(p.done, f"{p.phase}: {p.rate:.1f} runs/s; best {p.best}", p.runs)

        driver.carry_out(
            folder, sweep, make_engine(engine, workers, limit, address),
            store=store, on_progress=show,
        )  # fmt: skip
    with Ledger(folder.path / driver.LEDGER) as ledger:
        write_runs(ledger, folder.path / "runs")
    return Results(folder.path)
