"""The twin of the compiled simulation of every message, in plain Python: the rules, one after another."""
