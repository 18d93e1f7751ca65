"""Tab completion, asked for as the shells themselves ask."""

import shutil
import subprocess

import pytest

from archgym.cli import completion, main

pytest.importorskip("shtab", reason="shtab is not installed: make test installs it")
BASH = """\
source {script}
COMP_WORDS=({words} "{last}")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
COMP_LINE="{words} {last}"
COMP_POINT=${{#COMP_LINE}}
$(complete -p archgym | sed 's/.*-F \\([^ ]*\\).*/\\1/') archgym "{last}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    for shell in completion.SHELLS:
        (folder / shell).write_text(completion.script(shell))
    return folder


@pytest.mark.parametrize(
    ("words", "last", "expected"),
    [
        ("archgym", "rep", {"report"}),
        ("archgym", "dra", {"dram"}),
        ("archgym dram", "tr", {"trace"}),
        ("archgym dram trace", "ca", {"capture"}),
        ("archgym validate", "dr", {"dram"}),
        ("archgym run", "dram/stream-l", {"dram/stream-low-latency", "dram/stream-low-power"}),
        ("archgym run x", "--from", {"--from-scratch"}),
        ("archgym run x --agent", "genet", {"genetic_algorithm"}),
        ("archgym accelerator map x --objective", "energy-d", {"energy-delay"}),
        ("archgym completion", "fi", {"fish"}),
    ],
)
def test_bash_completes_words_options_and_names(scripts, words, last, expected):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    text = BASH.format(script=scripts / "bash", words=words, last=last)
    done = subprocess.run(
        [bash, "--norc", "-c", text], capture_output=True, text=True, timeout=60, check=True
    )
    assert not done.stderr
    found = set(done.stdout.split())
    assert expected <= found, done.stdout
    assert all(word.startswith(last) for word in found)


def test_bash_completes_files(scripts, tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    (tmp_path / "sweep-one.yaml").write_text("")
    text = BASH.format(script=scripts / "bash", words="archgym sweep", last="sweep-")
    done = subprocess.run(
        [bash, "--norc", "-c", text], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.stdout.split() == ["sweep-one.yaml"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_read_by_it_without_fault(scripts, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [shell, "-n", str(scripts / shell)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completes_words(scripts):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    asked = f"source {scripts / 'fish'}; complete -C 'archgym rep'"
    done = subprocess.run(["fish", "-c", asked], capture_output=True, text=True, timeout=60)
    assert "report" in done.stdout


ZSH = """\
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; fpath=({folder} $fpath); autoload -U compinit; compinit -u -D'
zpty -w shell 'bindkey "^I" complete-word; echo U""P'
zpty -r -m shell out '*UP*'
zpty -w -n shell $'archgym run dram/stream-low-l\t'
zpty -r -m shell out '*low-latency*'
print -r -- "$out"
"""


def test_zsh_completes_names_at_a_terminal(scripts, tmp_path):
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    shutil.copy(scripts / "zsh", tmp_path / "_archgym")  # as --help says: into a folder of $fpath
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH.format(folder=tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert "archgym run dram/stream-low-latency" in done.stdout, done.stderr


def test_fish_completes_names_and_options(scripts):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    for asked, expected in (
        ("archgym run dram/stream-low-l", "dram/stream-low-latency"),
        ("archgym run x --from", "--from-scratch"),
    ):
        text = f"source {scripts / 'fish'}; complete -C '{asked}'"
        done = subprocess.run(["fish", "-c", text], capture_output=True, text=True, timeout=60)
        assert expected in done.stdout


def test_another_shell_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["completion", "csh"])
    assert ended.value.code == 2
    assert "bash" in capsys.readouterr().err
