"""What a command line is expected to do by itself: help, suggestions, signs of life, partial input."""

import subprocess
import sys
import time

import pytest

from archgym.cli import main
from archgym.terminal import output
from archgym.terminal.output import print_table


def test_archgym_alone_shows_help(capsys):
    assert main([]) == 0
    assert "usage: archgym" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["run", "dram/sqlite-low-latency", "--buget", "5"], ["run", "--buget=5"]]
)
def test_a_misspelt_option_is_answered_by_its_neighbour(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "did you mean --budget" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["report", "sweep", "--storage", "x"])  # --store and others are no options of report
    assert "--store" not in capsys.readouterr().err


def test_options_tell_their_defaults(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["run", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: 0)" in text and "(default: genetic_algorithm)" in text
    assert "default: []" not in text and "default: False" not in text


def test_a_log_shows_that_work_goes_on(capsys):
    with output._heartbeat(lambda: "3 of 9", every_s=0.01):
        time.sleep(0.2)
    assert "3 of 9" in capsys.readouterr().err


def test_a_reader_that_has_gone_ends_the_program_quietly():
    program = "import sys; from archgym.cli import main; sys.exit(main(['list']))"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.wait() == 141 and process.stderr.read() == b""


def test_missing_knobs_are_those_of_the_reference_design(tmp_path, capsys):
    designs = tmp_path / "designs.csv"
    designs.write_text("page_policy\nOpen\n")
    assert main(["evaluate", "dram/sqlite-low-latency", "--designs", str(designs)]) == 0
    told = capsys.readouterr()
    assert "taken from the reference design: scheduler =" in told.err
    header, row = told.out.splitlines()
    assert row.startswith("Open,") and len(row.split(",")) == len(header.split(","))
    designs.write_text("page_polcy\nOpen\n")
    assert main(["evaluate", "dram/sqlite-low-latency", "--designs", str(designs)]) == 2
    assert "page_policy" in capsys.readouterr().err


def test_trials_of_a_run_are_designs(tmp_path, capsys):
    first = tmp_path / "designs.csv"
    first.write_text("page_policy,scheduler\nOpen,Fifo\n")
    scenario = ["evaluate", "dram/sqlite-low-latency", "--designs"]
    assert main([*scenario, str(first)]) == 0
    knobs, row = (t.split(",feasible")[0] for t in capsys.readouterr().out.splitlines())
    count = len(knobs.split(","))
    design = ",".join(row.split(",")[:count])
    trials = tmp_path / "trials.csv"
    trials.write_text(f"step,{knobs},feasible,specs_met,cost,energy\n0,{design},1,1,0.5,0.1\n")
    assert main([*scenario, str(trials)]) == 0
    assert design in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["pip install 'archgym[rl]'", "[0]", ":warning:", "[bold]x[/bold]"]
)
def test_tables_print_words_in_brackets_as_they_are(text, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "120")
    print_table(["knob[i]", "value"], [["mapping", text]])
    out = capsys.readouterr().out
    assert text in out and "knob[i]" in out
