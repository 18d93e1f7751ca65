"""A scenario played from outside: by a program, or an assistant by the Model Context Protocol."""
