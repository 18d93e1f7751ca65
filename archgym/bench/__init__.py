"""A suite of tasks whose optima are known, agents measured on it, and recorded results of others."""
