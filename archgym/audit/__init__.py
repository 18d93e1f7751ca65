"""Optima under suspicion: a search ends where a simulator is most likely wrong, so look there again."""
