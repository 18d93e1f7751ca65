"""Traffic of accelerators: what is read, how often, and where."""

import numpy as np
import pytest
from archgym.simulators.dram.traces.generators import generate

NAMES = ("matmul_tiles", "kv_cache", "embedding_gather", "mixed_agents")


@pytest.mark.parametrize("name", NAMES)
def test_seeds_decide_and_shorter_ones_are_a_beginning(name):
    whole, again, other = (generate(name, 600, seed) for seed in (5, 5, 6))
    assert whole.content_hash == again.content_hash != other.content_hash
    head = generate(name, 250, 5)
    for column in ("stamp", "is_write", "address"):
        assert (getattr(whole.head(250), column) == getattr(head, column)).all()
    assert (whole.address % 64 == 0).all()


def test_a_product_reads_each_tile_as_often_as_its_loops_say():
    """64 x 64 in tiles of 32: A twice (for each column of C), B twice, C written once."""
    lines = 64 * 64 * 2 // 64
    t = generate("matmul_tiles", 5 * lines, size=64, tile=32)
    at, times = np.unique(t.address[t.is_write == 0], return_counts=True)
    assert len(at) == 2 * lines and set(times) == {2}
    at, times = np.unique(t.address[t.is_write == 1], return_counts=True)
    assert len(at) == lines and set(times) == {1}
    # the next product does the same
    more = generate("matmul_tiles", 10 * lines, size=64, tile=32)
    assert (more.address[5 * lines :] == t.address).all()


def test_decoding_reads_every_token_and_adds_one():
    batch, context, entry = 3, 20, 128
    reads, writes = batch * context * entry // 64, batch * entry // 64
    t = generate(
        "kv_cache", 2 * (reads + writes), batch=batch, context=context, entry=entry, page=8
    )
    assert (t.is_write == 1).sum() == 2 * writes
    # keys and values of all tokens, each once, and no entry is overwritten
    assert len(np.unique(t.address)) == len(t.address)
    # the new entry follows the last token of its sequence
    first = t.address[: reads + writes]
    assert set(first[reads:] - 64) <= set(first[:reads]) | set(first[reads:])


def test_embeddings_are_whole_vectors_and_a_few_are_popular():
    t = generate("embedding_gather", 4000, vector=256, rows=5000)
    vectors = t.address.reshape(-1, 4)
    assert (np.diff(vectors, axis=1) == 64).all() and (vectors[:, 0] % 256 == 0).all()
    times = np.sort(np.unique(vectors[:, 0], return_counts=True)[1])[::-1]
    assert times[0] > 20 * np.median(times)


def test_agents_keep_to_their_own_memory():
    t = generate("mixed_agents", 3000)
    agent = t.address >> 28
    assert set(agent) == {0, 1, 2}
    display = t.address[agent == 0]
    assert (np.diff(display) == 64).all()  # a frame, evenly
    assert not t.is_write[agent == 0].any() and t.is_write[agent == 1].any()
