"""How files are written and locked."""
