"""JSON of any origin goes through one reader: keys stand once, numbers are finite, sizes bounded."""

import numpy as np
import pytest
from archgym.simulators.ffet.placements import Placements
from archgym.simulators.soc.graphs import plain

from archgym.documents import parse_json, read_json
from archgym.errors import StoreError, WorkloadError
from archgym.sweeps.ledger import _spec

WRONG = (
    '{"a": 1, "a": 2}',
    '{"a": 1e999}',
    '{"a": NaN}',
    '{"a": [',
    "[" * 100_000,
    '{"a": -Infinity}',
)


@pytest.mark.parametrize("text", WRONG)
def test_what_no_document_may_hold(text, tmp_path):
    with pytest.raises(StoreError, match="here cannot be read as JSON"):
        parse_json(text, "here")
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(StoreError, match="cannot be read as JSON"):
        read_json(path)
    with pytest.raises(WorkloadError, match="cannot be read as JSON"):
        plain.read_json(path)
    with pytest.raises(StoreError, match="hyperparameters of run r1"):
        _spec(("r1", "s", "a", text, 0, 1, "main", "test"))


def test_documents_have_a_size():
    assert parse_json(b'\xef\xbb\xbf{"a": [1, 2.5, null]}', "here") == {"a": [1, 2.5, None]}
    with pytest.raises(StoreError, match="larger than 4 bytes"):
        parse_json("[1, 2]", "here", most=4)


def test_a_damaged_placement_is_made_anew(tmp_path):
    path = tmp_path / "p.npz"
    np.savez(path, function=np.zeros(4096, np.uint8))
    whole = path.read_bytes()
    placements = Placements(None, "", None)
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert placements._read(path) is None
