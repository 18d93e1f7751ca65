"""What a judge does with folders and systems that are not as they should be, and whom a board ranks."""

import shutil
from dataclasses import replace

import pytest

from archgym.bench.submission import board, judging
from archgym.bench.submission.card import card
from archgym.bench.submission.divisions import division
from archgym.bench.submission.judging import judge as judged
from archgym.bench.submission.manifest import read_manifest
from archgym.bench.submission.playing import no_trials, play
from archgym.errors import TrustError
from archgym.goals.scenario_file import load_scenario

from .conftest import SMALL, TASK, judge


def test_a_folder_that_cannot_be_read_is_rejected(entry, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied", "trials")

    monkeypatch.setattr("archgym.bench.submission.folder.faults_of_folder", denied)
    assert judge(entry, suite=SMALL).faults == ["trials cannot be read: Permission denied"]


def test_an_agent_that_the_kernel_does_not_confine_is_judged_on_request_alone(entry, monkeypatch):
    def free(*a, **k):
        return replace(play(*a, **k), confined=False)

    monkeypatch.setattr("archgym.bench.submission.judging.play", free)
    verdict = judged(entry, suite=SMALL)
    assert "the kernel does not confine agents" in verdict.faults[0] and not verdict.claims
    assert judged(entry, suite=SMALL, unconfined=True).holds


def test_an_entry_of_a_part_is_not_ranked_and_chooses_no_tasks(honest, tmp_path):
    other = shutil.copytree(honest, tmp_path / "entry")
    other_twin = shutil.copytree(honest, tmp_path / "more" / "entry")
    verdicts = [judge(p, 0, suite=SMALL) for p in (honest, other, other_twin)]
    wide = replace(SMALL, tasks=SMALL.tasks | {"soc/edge": SMALL.tasks[TASK]})
    runs = {(TASK, 0): (no_trials(load_scenario(TASK)), ())}
    part = replace(
        verdicts[0],
        claims=card(division("closed", wide), verdicts[0].manifest, verdicts[0].scores, runs),
    )
    (_, frame) = board.frames(verdicts, SMALL)["closed"]
    assert frame["agent"].nunique() == 3  # of one name in folders of one name
    (_, frame) = board.frames([part, *verdicts[1:]], SMALL)["closed"]
    assert frame["agent"].nunique() == 2
    assert board.overview([part])[0][1].startswith(
        "holds, not ranked: seeds 0 to 1 of 1 tasks; 1 of 2"
    )
    assert not board.frames([part], SMALL)


def test_where_judging_ends_early_no_run_is_left_to_look_at(entry, monkeypatch):
    looked = []

    def one(path, manifest, played, task, seed, replay):
        looked.append(seed)
        raise TrustError("not agreed")

    monkeypatch.setattr("archgym.bench.submission.judging._one", one)
    many = replace(read_manifest(entry), seeds=200)
    with pytest.raises(TrustError):
        judging._look(entry, many, division("closed", SMALL), 0, 1, None)
    assert len(looked) < 100  # of 200
