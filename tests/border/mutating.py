"""Changes to good files: what a slip, a damaged disk or an attacker makes of them."""

import json
import random
import re

BOMB = "bomb: [&a [x, x]"
for _old, _new in zip("abcdef", "bcdefg"):
    BOMB += f", &{_new} [{', '.join([f'*{_old}'] * 9)}]"
BOMB += "]\n"
WORDS = (
    ".nan", ".inf", "-1", "0", "1.5", "1e400", "99999999999999999999", "[]", "{}", "null", "true", "x",
    '""', "*a", "- 1", "[1, 2, 3]", "{a: 1}", "2001-01-01", "(x+x+)+y", "!!python/object:os.system x",
    "[" * 3000, "\x00", "%", "é" * 300,
)  # fmt: skip
VALUES = (
    None, True, -1, 0, 1.5, 1e308, 10**20, "", "x", "nan", [], {}, [1, "a"], {"a": 1}, [[]], -0.0,
    "../../../etc/passwd", [None], float("nan"), float("inf"),
)  # fmt: skip


def text(good: str, rng: random.Random) -> str:
    """A word replaced or dropped, a line dropped, doubled or added, or the end cut off."""
    how = rng.random()
    words = list(re.finditer(r"[\w.+-]+", good))
    if how < 0.6 and words:
        at = rng.choice(words)
        return good[: at.start()] + (rng.choice(WORDS) if how < 0.5 else "") + good[at.end() :]
    lines = good.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    if how < 0.7:
        return "".join(lines[:at] + lines[at + 1 :])
    if how < 0.8:
        return "".join([*lines[:at], lines[at], *lines[at:]])
    if how < 0.85:
        return good + BOMB
    return good[: rng.randrange(len(good))]


def _places(value, path=()):
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in items:
        yield from _places(part, (*path, key))


def document(good: dict, rng: random.Random) -> str:
    """A JSON document with one value replaced, dropped, or its key renamed; sometimes as broken text."""
    if rng.random() < 0.15:
        return text(json.dumps(good, indent=1), rng)
    changed = json.loads(json.dumps(good))
    top = rng.choice(list(changed))  # every key counts as much as the longest list
    path = (top, *rng.choice(list(_places(changed[top]))))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    how = rng.random()
    if how < 0.75 or not isinstance(inner, dict):
        inner[path[-1]] = rng.choice(VALUES)
    elif how < 0.9:
        del inner[path[-1]]
    else:
        inner[str(path[-1]) + "x"] = inner.pop(path[-1])
    return json.dumps(changed)


def data(good: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, some of them at the ends, where formats keep their directories; or cut off."""
    out = bytearray(good)
    for _ in range(rng.randint(1, 6)):
        span = min(len(out), 400)
        at = rng.choice(
            (rng.randrange(span), len(out) - 1 - rng.randrange(span), rng.randrange(len(out)))
        )
        out[at] = rng.choice((0, 255, out[at] ^ (1 << rng.randrange(8)), rng.randrange(256)))
    return bytes(out[: rng.randrange(len(out))] if rng.random() < 0.15 else out)
