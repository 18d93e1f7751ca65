"""Macros as abstracts: blocks such as memories of which a Liberty and a LEF file say all that is known."""
