"""Judge submissions: what ``archgym verify --leaderboard`` and ``archgym leaderboard`` have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..bench.suite import load_suite
from ..errors import ArchgymError
from ..files.text import write_text
from ..terminal.output import bar_of, print_json, print_table

UNCONFINED = (
    "judge submissions also where the kernel does not keep agents from files (default: reject)"
)


def judged(
    paths: Sequence[Path],
    sample: int | None,
    as_json: bool,
    page: Path | None = None,
    unconfined: bool = False,
) -> int:
    """Judge submissions, print verdicts and rankings.

    Args:
        paths: folders of submissions, or folders that hold some.
        sample: of each, how many runs to play again; None for all.
        as_json: print JSON instead of tables.
        page: a leaderboard to write as ``.html``; None for none.
        unconfined: judge agents also where the kernel does not keep their native code from files.

    Returns:
        The exit code: 0, or 1 where a submission does not hold.

    Raises:
        ArchgymError: a path without submissions, or a sample below 0.
        TrustError: an agent's own code, for which nobody vouches.
    """
    from ..bench.page import rows_of
    from ..bench.ranking import ranking
    from ..bench.submission import board
    from ..bench.submission.judging import judge

    if sample is not None and sample < 0:
        raise ArchgymError(f"--sample must be at least 0, got {sample}")
    if page is not None and page.suffix != ".html":
        raise ArchgymError(f"--output: expected a page that ends in .html, got {page}")
    suite, verdicts = load_suite(), []
    for path in board.submissions(paths):
        with bar_of(1, path.name, as_json) as bar:

            def show(done: int, of: int, bar: object = bar) -> None:
                if callable(bar):
                    bar(done, "", of)

            verdicts.append(judge(path, sample, os.cpu_count() or 1, suite, show, unconfined))
    if page is not None:
        write_text(page, board.board(verdicts, suite).document())
    refused = sum(not v.holds for v in verdicts)
    if as_json:
        print_json(board.as_json(verdicts, suite))
        return int(bool(refused))
    for name, (its, frame) in board.frames(verdicts, suite).items():
        tasks = f"{frame['task'].nunique()} tasks"
        print_table(*rows_of(ranking(frame, its), its), title=f"{name} division, {tasks}")
    print_table(list(board.COLUMNS), board.overview(verdicts))
    for v in verdicts:
        for fault in v.faults[:10]:
            print(f"rejected: {v.path}: {fault}")
        if v.replayed and not v.confined:
            print(f"note: {v.path}: this system does not keep native code of agents from files")
    print(f"{len(verdicts)} submissions, {refused} rejected." + (f" Page: {page}" if page else ""))
    return int(bool(refused))
