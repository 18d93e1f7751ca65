"""Entries of the benchmark as folders: made, judged, ranked."""
