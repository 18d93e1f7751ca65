"""Blocks of a Markdown page that a test carries out, and what they are expected to print.

- ``console``: lines after ``$`` are commands; the other lines are lines of their output, in order, with
  ``…`` for what is left out.
- ``python``: carried out in one interpreter a page; a ``text`` block right behind holds its output.
- any block with ``title="FILE"`` is written to that file.
- a comment before a block says how: ``<!-- test: slow -->``, ``<!-- test: needs=yosys -->``,
  ``<!-- test: exit=2 -->``, ``<!-- test: skip, the reason -->``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FENCE = re.compile(
    r"(?:^[ ]*<!-- test: (?P<how>[^>]*?) -->\n\s*)?"
    r"^(?P<indent>[ ]*)```(?P<language>\w+)[ ]*(?P<rest>[^\n]*)\n(?P<body>.*?)^(?P=indent)```[ ]*$",
    re.M | re.S,
)
RUN = ("console", "python")


@dataclass
class Block:
    """One fenced block."""

    language: str
    body: str
    line: int
    title: str = ""
    how: dict[str, str] = field(default_factory=dict)
    output: str = ""

    @property
    def commands(self):
        """Pairs of a command and the lines that it is expected to print."""
        found = []
        for line in self.body.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and found[-1][0].endswith("\\") and line.startswith("    "):
                found[-1] = (found[-1][0] + "\n" + line, [])
            elif found:
                found[-1][1].append(line)
        return found


def blocks_of(text):
    """Every block of a page, in order."""
    found = []
    end = 0
    for match in FENCE.finditer(text):
        indent = match["indent"]
        body = "\n".join(line.removeprefix(indent) for line in match["body"].splitlines())
        title = re.search(r'title="([^"]+)"', match["rest"])
        how = {}
        if match["how"]:
            words = match["how"].split(", ", 1)
            if words[0] == "skip":
                how["skip"] = words[1]  # a reason is required
            else:
                for word in match["how"].split(", "):
                    key, _, value = word.partition("=")
                    how[key] = value or "yes"
        block = Block(
            match["language"],
            body + "\n",
            text.count("\n", 0, match.start()) + 1,
            title[1] if title else "",
            how,
        )
        between = text[end : match.start()].strip()
        if (
            block.language == "text"
            and not block.title
            and found
            and found[-1].language == "python"
            and not between
        ):
            found[-1].output = block.body
        else:
            found.append(block)
        end = match.end()
    return found


def missing_lines(shown, printed):
    """Lines that a page shows and that were not printed in that order; whitespace does not count."""
    printed = [
        " ".join(line.split()) for line in re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    ]
    at, missing = 0, []
    for line in shown:
        plain = " ".join(line.split())
        if not plain.strip("─━ …"):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in plain.split("…")))
        hit = next((i for i in range(at, len(printed)) if pattern.fullmatch(printed[i])), None)
        if hit is None:
            missing.append(line)
        else:
            at = hit + 1
    return missing
