"""Data sets collected from runs, sweeps and uniform samples."""
