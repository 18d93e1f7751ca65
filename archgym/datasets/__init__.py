"""Data sets of evaluations: one Parquet file with its units, space and provenance inside."""
