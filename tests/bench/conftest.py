"""A small suite, and a submission to it that is made once."""

import shutil
from dataclasses import replace
from functools import partial

import pytest

from archgym.bench.isolated import landlock
from archgym.bench.submission import making
from archgym.bench.submission.divisions import division
from archgym.bench.submission.folder import digest
from archgym.bench.submission.judging import judge as judged
from archgym.bench.submission.judging import write_card
from archgym.bench.submission.manifest import COUNTED, TEXTS, Manifest
from archgym.bench.suite import load_suite
from archgym.goals.scenario_file import load_scenario

TASK = "serving/gpt-oss-batch"
WHOLE = load_suite()
SMALL = replace(WHOLE, ladder=(4, 8, 24), seeds=2, tasks={TASK: WHOLE.tasks[TASK]})
# what these tests ask of judges does not need the kernel
judge = partial(judged, unconfined=not landlock.version())
NOTHING = dict.fromkeys(COUNTED) | dict.fromkeys(TEXTS, "")


def made(path, agent="genetic_algorithm", name="closed", seeds=2, **more):
    """A submission of a registered agent, or of a file's."""
    played = division(name, SMALL)
    named, source = making.source_files(agent)
    manifest = Manifest(
        suite=SMALL.title, division=name, entrant="somebody", agent=named, hyperparameters={},
        source={n: digest(d) for n, d in source.items()}, budget=played.budget, seeds=seeds,
        tasks={TASK: making.facts_of(load_scenario(TASK))}, declared=NOTHING | more,
    )  # fmt: skip
    done = making.play_all(path, played, making.begin(path, manifest, source), 1)
    write_card(path, SMALL)
    return done


@pytest.fixture(scope="session")
def honest(tmp_path_factory):
    """A submission that holds."""
    path = tmp_path_factory.mktemp("honest") / "entry"
    made(path)
    return path


@pytest.fixture
def entry(honest, tmp_path):
    """A copy of it, to be tampered with."""
    return shutil.copytree(honest, tmp_path / "entry")
