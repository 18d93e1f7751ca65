"""What a browser takes to answer on the dashboard and on a run's page at 100,000 trials.

    python benchmarks/bench_browser.py [--trials N] [--runs N]

Needs Linux, Chromium and Playwright's Python package. The folder holds one run of N trials and many small
ones. Times are from the event to the second frame after all that it asks for is drawn, the middle of five
where it can be repeated. They are given on the clock, and as CPU time of the server and all processes of the
browser together. On a busy machine look at the second: on one idle core, no more would pass.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Any

from bench_dashboard import fill

import archgym
from archgym.dashboard.server import Dashboard

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (1280, 390)
REPEATS = 5
SEEN: dict[int, int] = {}  # ticks of CPU by process
Took = tuple[float, float]  # seconds on the clock and of CPU
# does ``act`` in the page, waits until ``done`` holds and two frames are painted, gives milliseconds
TIMED = """async ([act, done]) => {
  const begin = performance.now();
  const holds = new Function('begin', `return (${done})`);
  new Function(act)();
  while (!holds(begin)) await new Promise((go) => setTimeout(go, 2));
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  return performance.now() - begin;
}"""
FILTER = "const f = document.querySelector('#filter'); f.value = {0!r}; f.dispatchEvent(new Event('input'));"
ROWS = "document.querySelectorAll('#table tbody tr').length {0}"
DRAWN = "document.querySelectorAll('#detail .plot .main-svg').length >= 4"
SHOWN = "document.querySelector('#title').textContent.includes({0!r})"


def main() -> None:
    """Print a table of milliseconds by event and width."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=1_000, help="small runs beside the large one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        page = _folder(Path(root), options.trials, options.runs)
        board = Dashboard(Path(root) / "runs")
        threading.Thread(target=board.serve, daemon=True).start()
        try:
            _measured(board.address, page.as_uri())
        finally:
            board.close()


def _folder(root: Path, trials: int, runs: int) -> Path:
    """One large run, ``large``, and small ones; the large one's page."""
    small = root / "runs" / "small-0"
    run = archgym.run(
        "dram/sqlite-low-latency", agent="random_walk", budget=200, workload="sqlite@2000", output=small,
        plots=False,
    )  # fmt: skip
    for i in range(1, runs):
        shutil.copytree(small, root / "runs" / f"small-{i}")
    shutil.copytree(small, root / "runs" / "large")
    large = fill(run, root / "runs" / "large", trials)
    return large.write_page(root / "page.html")


def _measured(address: str, page: str) -> None:
    from playwright.sync_api import sync_playwright

    place = next(p for p in map(shutil.which, BROWSERS) if p)
    found: dict[str, list[str]] = {}
    with sync_playwright() as api:
        browser = api.chromium.launch(
            executable_path=place, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        for width in WIDTHS:
            for measure, url in ((_dashboard, address), (_page, page)):
                tab = browser.new_page(viewport={"width": width, "height": 900})
                errors = _errors_of(tab)
                for name, took in measure(tab, url).items():
                    found.setdefault(name, []).append("".join(f"{1e3 * s:9.0f}" for s in took))
                if errors:
                    raise SystemExit(f"{url} at {width} px: {errors}")
                tab.close()
        browser.close()
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; milliseconds, no console error"
    )
    print(f"{'':58s}" + "".join(f"{f'{w} px':>9s}{'CPU':>9s}" for w in WIDTHS))
    for name, row in found.items():
        print(f"{name:58s}" + "".join(row))


def _errors_of(tab: Any) -> list[str]:
    """What goes wrong in a tab, filled while it is open."""
    errors: list[str] = []
    tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda e: errors.append(str(e)))
    return errors


def _cpu() -> float:
    """Seconds of CPU of this process and of all that it started; of ended ones the last that was seen."""
    parents, spent = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(stat.parent.name)] = int(fields[1])
        spent[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    for _ in range(8):  # deeper than a browser's processes lie
        ours |= {p for p, parent in parents.items() if parent in ours}
    SEEN.update({p: spent[p] for p in ours if p in spent})
    return sum(SEEN.values()) / os.sysconf("SC_CLK_TCK")


def _timed(tab: Any, act: str, done: str) -> Took:
    before = _cpu()
    wall = float(tab.evaluate(TIMED, [act, done])) / 1e3
    return wall, _cpu() - before


def _middle(tab: Any, *steps: tuple[str, str]) -> list[Took]:
    """The middle time of each step, all steps in turn five times."""
    rounds = [[_timed(tab, *step) for step in steps] for _ in range(REPEATS)]
    return [
        (statistics.median(w for w, _ in column), statistics.median(c for _, c in column))
        for column in zip(*rounds)
    ]


def _dashboard(tab: Any, url: str) -> dict[str, Took]:
    tab.goto(url)
    tab.wait_for_selector("#table tbody tr")
    out = {}
    one, none, all_ = _middle(
        tab,
        (FILTER.format("large"), ROWS.format("=== 1")),
        (FILTER.format("no-such-run"), ROWS.format("=== 0")),
        (FILTER.format(""), ROWS.format("> 1")),
    )
    out["dashboard: filter to one run"] = one
    out["dashboard: filter to no run"] = none
    out["dashboard: filter taken away"] = all_
    out["dashboard: another order"] = _middle(
        tab, ("document.querySelector('#heads th').click()", "true")
    )[0]
    tab.evaluate(FILTER.format("large"))
    row = "document.querySelector('#table tbody tr').click()"
    away = ("document.querySelector('#clear').click()", "!document.querySelector('.plot')")
    drawn = f"{SHOWN.format('large')} && {DRAWN}"
    out["dashboard: large run chosen, first time"] = _timed(tab, row, drawn)
    _timed(tab, *away)
    out["dashboard: large run chosen, again"] = _middle(tab, (row, drawn), away)[0]
    _timed(tab, row, drawn)
    tab.evaluate(FILTER.format("small-1"))
    both = (row, f"{SHOWN.format('2 compared')} && {DRAWN}")
    out["dashboard: compared with a second run"] = _timed(tab, *both)
    return out


def _page(tab: Any, url: str) -> dict[str, Took]:
    before = _cpu()
    tab.goto(url)
    wall = float(tab.evaluate("performance.now()")) / 1e3
    out = {"page: until it can be read": (wall, _cpu() - before)}
    figures = tab.locator(".plot").count()
    for i in range(figures):
        head = tab.evaluate(
            f"[...document.querySelectorAll('h2')].filter(h => h.compareDocumentPosition("
            f"document.querySelectorAll('.plot')[{i}]) & 4).pop().textContent"
        )
        plot = f"document.querySelectorAll('.plot')[{i}]"
        name = f"page: scrolled to {head}" + (" (loads Plotly)" if i == 0 else "")
        took = _timed(tab, f"{plot}.scrollIntoView()", f"{plot}.querySelector('.main-svg')")
        out[name] = max(took, out.get(name, (0.0, 0.0)))
    out["page: light and dark changed"] = _middle(
        tab, ("document.querySelector('button.theme').click()", "true")
    )[0]
    return out


if __name__ == "__main__":
    main()
