"""Whole design spaces as tables: enumerated once, looked up ever after, certified optima."""
