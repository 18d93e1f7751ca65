"""Sweeps: many studies by value, on all cores or a cluster, in one ledger."""
