"""Every command and block of the README, the tutorials and the how-to guides is carried out.

The default suite carries out the README, less what is marked slow.  The slow form
carries out all pages, from an installed wheel in folders outside the repository.
"""

import pytest

from tests.conftest import ROOT
from tests.docs.blocks import RUN, blocks_of
from tests.docs.carrying_out import Reader, lacking, to_run

FIRST = ["README.md"]
PAGES = [
    *FIRST,
    "docs/getting-started.md",
    *sorted(
        str(p.relative_to(ROOT))
        for folder in ("tutorials", "how-to")
        for p in (ROOT / "docs" / folder).glob("*.md")
    ),
]


def carry_out(page, folder, library, slow):
    """Carry out a page; fails with what is wrong with its first bad block."""
    ran = 0
    with Reader(folder, library) as reader:
        for block in blocks_of((ROOT / page).read_text(encoding="utf-8")):
            if not to_run(block, slow):
                continue
            lacks = lacking(block)
            if lacks:
                pytest.skip(f"line {block.line} and what follows need {', '.join(lacks)}")
            wrong = reader.carry_out(block)
            assert not wrong, f"{page}, line {block.line}:\n{wrong}"
            ran += 1
    assert ran or slow or page not in FIRST


@pytest.mark.parametrize("page", FIRST)
def test_first_steps(page, tmp_path):
    (tmp_path / "here").mkdir()
    carry_out(page, tmp_path / "here", "", slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page_from_a_wheel(page, library, tmp_path):
    (tmp_path / "here").mkdir()
    carry_out(page, tmp_path / "here", library, slow=True)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_escapes_the_tests(page):
    """Commands and programs stand in blocks that are carried out, or say why they are not."""
    for block in blocks_of((ROOT / page).read_text(encoding="utf-8")):
        where = f"{page}, line {block.line}"
        assert block.language in (*RUN, "text", "yaml", "toml", "json", "csv"), where
        if block.language in ("yaml", "toml", "json", "csv"):
            assert block.title or "skip" in block.how, f"{where}: a file without a title"
        if block.language == "console":
            assert block.commands, f"{where}: no line begins with $"
