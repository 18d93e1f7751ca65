"""What commands print and take on a terminal; domains' own commands use it too."""
