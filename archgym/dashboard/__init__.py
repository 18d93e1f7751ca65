"""A local, read-only page over run and sweep folders while they go on; no simulator is ever loaded."""
