"""The dashboard: what it tells of folders, whom it refuses, that it writes nothing; a real browser."""

import http.client
import json
import threading
import time
from contextlib import contextmanager

import pytest

import archgym
from archgym.cli import main
from archgym.dashboard.folders import aged, items, run_row
from archgym.dashboard.server import Dashboard
from archgym.dashboard.watching import Watching
from archgym.errors import ArchgymError
from archgym.files.text import write_json
from archgym.goals.scenario_file import from_document
from archgym.runs.course import course
from archgym.runs.summary import goals_told
from archgym.sweeps.driver import SweepFolder, carry_out
from archgym.sweeps.engine import LocalEngine
from archgym.sweeps.plan import from_sweep_document
from tests.browsers import Watched, browser
from tests.sweeps.conftest import SCENARIO, SWEEP

EVIL = "<img src=x onerror=alert(1)>$x$"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two finished runs, one with a page, and one sweep."""
    root = tmp_path_factory.mktemp("board")
    for name, seed in (("a", 1), ("deep/b", 2)):
        archgym.run(
            from_document(SCENARIO), "random_walk", budget=40, seed=seed, output=root / name,
            plots=False, page=name == "a",
        )  # fmt: skip
    sweep = from_sweep_document({**SWEEP, "agents": SWEEP["agents"][1:2], "test": {}})
    folder = SweepFolder.create(root / "s", sweep)
    carry_out(folder, sweep, LocalEngine(1))
    return root


@contextmanager
def served(root):
    board = Dashboard(root)
    thread = threading.Thread(target=board.serve)
    thread.start()
    try:
        yield board
    finally:
        board.close()
        thread.join(10)


def ask(board, path="", *, method="GET", host="", token=None):
    there = http.client.HTTPConnection("127.0.0.1", board.port, timeout=20)
    headers = {"Host": host or f"127.0.0.1:{board.port}"}
    there.request(method, f"/{board.token if token is None else token}/{path}", headers=headers)
    answer = there.getresponse()
    body = answer.read()
    there.close()
    return answer, body


def rows_of(root):
    return {r["name"]: r for r in json.loads(Watching(root).listing())["rows"]}


def _seen(root):
    return {
        str(p.relative_to(root)): (p.stat().st_mtime_ns, p.stat().st_size)
        for p in sorted(root.rglob("*"))
    }


# ---------------------------------------------------------------- what is told
def test_runs_and_sweeps_are_told_in_words_and_units(root):
    rows = rows_of(root)
    assert set(rows) == {"a", "deep/b", "s"}
    a = rows["a"]
    assert (a["state"], a["done"], a["budget"], a["seed"]) == ("done", 40, 40, 1)
    best = archgym.load(root / "a").best_metrics["latency"]
    assert a["best"] == f"latency {best}" and a["page"] and not rows["deep/b"]["page"]
    assert rows["s"]["state"] == "done" and rows["s"]["done"] == rows["s"]["budget"] == 2
    watching = Watching(root)
    watching.listing()
    detail = json.loads(watching.detail(watching.item(rows["a"]["id"])))
    assert detail["trials"] == 40 and detail["panels"][0]["name"] == "latency"
    assert detail["panels"][0]["best"]["y"][-1] == pytest.approx(float(best))
    [group] = json.loads(watching.detail(watching.item(rows["s"]["id"])))["groups"]
    assert group["done"] == 2 and group["best"].startswith("latency ") and "pJ" in group["best"]


def test_a_run_that_goes_on_is_told_and_one_that_says_nothing_is_silent(
    root, tmp_path, toy_scenario
):
    run = archgym.run(toy_scenario, budget=30, output=tmp_path / "r", plots=False)
    (tmp_path / "r" / "result.json").unlink()
    told = course(
        goals_told(toy_scenario),
        run.trials.evaluation.metrics,
        run.trials.satisfied,
        run.trials.front,
    )
    live = {
        "done": 12,
        "time": time.time(),
        "best": "latency 3 ns",
        "specs_met": True,
        "course": told,
    }
    write_json(tmp_path / "r" / "live.json", live)
    [item] = items(tmp_path).values()
    row = aged(run_row(item))
    assert (row["state"], row["done"], row["best"]) == ("running", 12, "latency 3 ns")
    assert json.loads(Watching(tmp_path).detail(item))["trials"] == 30
    write_json(tmp_path / "r" / "live.json", {**live, "time": time.time() - 600})
    assert aged(run_row(item))["state"] == "silent"


def test_damaged_files_are_told_and_hurt_nobody(tmp_path, toy_scenario):
    archgym.run(toy_scenario, budget=10, output=tmp_path / "good", plots=False)
    for name, text in (("m", "{"), ("n", "[]"), ("o", '{"scenario": 3}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text)
    (tmp_path / "l").mkdir()
    (tmp_path / "l" / "ledger.sqlite").write_text("no database")
    rows = rows_of(tmp_path)
    assert {n: r["state"] for n, r in rows.items()} == {
        "good": "done", "m": "unreadable", "n": "unreadable", "o": "unreadable", "l": "unreadable",
    }  # fmt: skip
    (tmp_path / "good" / "trials.csv").write_text("step\n1\n")
    with served(tmp_path) as board:
        answer, body = ask(board, f"detail/{rows['good']['id']}")
        assert answer.status == 503 and b"trials.csv" in body


def test_links_are_not_followed(root, tmp_path):
    (tmp_path / "far").symlink_to(root / "a")
    assert rows_of(tmp_path) == {}
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "manifest.json").write_bytes((root / "a" / "manifest.json").read_bytes())
    (tmp_path / "r" / "page.html").symlink_to("/etc/passwd")
    (tmp_path / "r" / "result.json").symlink_to(root / "a" / "result.json")
    row = rows_of(tmp_path)["r"]
    assert not row["page"] and row["state"] != "done"
    with served(tmp_path) as board:
        assert ask(board, f"page/{row['id']}")[0].status == 404


# ---------------------------------------------------------------- whom it refuses
def test_a_wrong_token_is_refused(root):
    with served(root) as board:
        assert board.address == f"http://127.0.0.1:{board.port}/{board.token}/"
        assert len(board.token) >= 32 and ask(board)[0].status == 200
        for token in (
            "",
            "x",
            board.token[:-1],
            board.token + "x",
            "%00",
        ):
            assert ask(board, token=token)[0].status == 403
        assert ask(board, "events", token="x")[0].status == 403
    with served(root) as other:
        assert other.token != board.token


def test_another_host_is_refused(root):
    with served(root) as board:
        for host in (
            "evil.example",
            f"evil.example:{board.port}",
            "127.0.0.1",
            f"127.0.0.1:{board.port + 1}",
        ):
            answer, body = ask(board, host=host)
            assert answer.status == 403 and board.token.encode() not in body
        assert ask(board, host=f"localhost:{board.port}")[0].status == 200


def test_no_path_leads_out(root):
    (root / "secret.txt").write_text("secret")
    with served(root) as board:
        for path in (
            "../secret.txt", "page/../secret.txt", "page/../../etc/passwd", "page/%2e%2e/secret.txt",
            "detail/../../a", "assets/../server.py", "..%2fserver.py", "page/a", "detail//etc/passwd",
            "dashboard.html", "page/", "detail/" + "0" * 16,
        ):  # fmt: skip
            answer, body = ask(board, path)
            assert answer.status == 404 and b"secret" not in body and b"root:" not in body


def test_nothing_can_be_written_and_nothing_is(root):
    before = _seen(root)
    with served(root) as board:
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            assert ask(board, method=method)[0].status == 501
        for row in rows_of(root).values():
            assert ask(board, f"detail/{row['id']}")[0].status == 200
        assert ask(board, method="HEAD")[1] == b""
    assert _seen(root) == before


def test_a_page_of_a_folder_is_kept_away_from_the_dashboard(root):
    with served(root) as board:
        answer, body = ask(board, f"page/{rows_of(root)['a']['id']}")
        assert answer.status == 200 and b"<!doctype html>" in body
        policy = answer.getheader("Content-Security-Policy")
        assert policy.startswith("sandbox allow-scripts;") and "default-src 'none'" in policy
        answer, _ = ask(board)
        assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy")
        assert answer.getheader("Referrer-Policy") == "no-referrer"


def test_bad_words_are_told(tmp_path, capsys):
    assert main(["dashboard", str(tmp_path / "none")]) == 2
    assert "is no folder" in capsys.readouterr().err
    with served(tmp_path) as board:
        assert main(["dashboard", str(tmp_path), "--port", str(board.port)]) == 2
        assert "choose another --port" in capsys.readouterr().err
    assert main(["dashboard", str(tmp_path), "--port", "99999"]) == 2
    with pytest.raises(ArchgymError, match="no folder"):
        Dashboard(tmp_path / "x")


# ---------------------------------------------------------------- events and a browser
def test_the_listing_comes_again_when_a_run_appears(root, tmp_path, toy_scenario):
    with served(tmp_path) as board:
        there = http.client.HTTPConnection("127.0.0.1", board.port, timeout=20)
        there.request("GET", f"/{board.token}/events")
        stream = there.getresponse()
        assert stream.getheader("Content-Type").startswith("text/event-stream")
        assert json.loads(stream.readline()[6:])["rows"] == []
        archgym.run(toy_scenario, budget=5, output=tmp_path / "new", plots=False)
        line = b""
        while b'"state":"done"' not in line:
            line = stream.readline()
        assert json.loads(line[6:])["rows"][0]["name"] == "new"
        there.close()


def test_in_a_browser(root, tmp_path):
    """Rows, filter, choice and comparison at both widths; names of others are text; no console error."""
    evil = tmp_path / "all" / EVIL.replace("/", "")
    evil.parent.mkdir()
    for name in ("a", "deep/b"):
        archgym.load(root / name).save(evil.parent / name.replace("deep/b", EVIL.replace("/", "")))
    archgym.load(root / "a").write_page(evil.parent / "a" / "page.html")
    with served(evil.parent) as board, browser() as started:
        for width in (1280, 390):
            there = Watched(started, width, dark=width == 390)
            page = there.page
            page.goto(board.address)
            page.wait_for_selector("#table tbody tr")
            assert page.locator("#table tbody tr").count() == 2
            page.fill("#filter", "no-such-run")
            assert page.locator("#table tbody tr").count() == 0
            page.fill("#filter", "")
            page.locator("#table tbody tr").first.click()
            page.wait_for_function("document.querySelectorAll('.plot .main-svg').length >= 4")
            page.locator("#table tbody tr").last.click()
            page.wait_for_function("document.querySelector('#title').textContent === '2 compared'")
            assert page.locator("#links a").count() == 1
            assert there.overflow <= 0 and not there.errors
            assert all(r.startswith((board.address, "data:", "blob:")) for r in there.requests)
            page.locator("#clear").click()
            page.wait_for_function("!document.querySelector('.plot')")
            page.close()
