"""What the reader of pages takes for a block, and what it misses."""

from tests.docs.blocks import blocks_of, missing_lines

PAGE = """
Text.

<!-- test: slow, needs=yosys -->
```console
$ archgym list \\
    agents
one   two
…
last
$ true
```

```python
print(1)
```

```text
1
```

<!-- test: skip, it needs a licence -->
```console
$ license
```

1. A list:

    ```yaml title="a/b.yaml"
    name: x
      deeper: y
    ```
"""


def test_blocks():
    console, python, skipped, file = blocks_of(PAGE)
    assert console.how == {"slow": "yes", "needs": "yosys"}
    assert console.commands == [
        ("archgym list \\\n    agents", ["one   two", "…", "last"]),
        ("true", []),
    ]
    assert python.output == "1\n" and python.line == 14
    assert skipped.how == {"skip": "it needs a licence"}
    assert file.title == "a/b.yaml" and file.body == "name: x\n  deeper: y\n"


def test_missing_lines():
    printed = "a   b\n ──── \nc 12.5 s\nd\n"
    assert missing_lines(["a b", "…", "c … s", "d"], printed) == []
    assert missing_lines(["d", "a b"], printed) == ["a b"]  # in order
    assert missing_lines(["a"], printed) == ["a"]  # whole lines
    assert missing_lines(["c … ms"], printed) == ["c … ms"]
