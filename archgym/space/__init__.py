"""Design spaces and typed settings."""

from .design_space import Columns, Constraint, Designs, DesignSpace, design_keys
from .parameter import Parameter, Value, categorical, ordinal, powers_of_two

__all__ = [
    "Columns",
    "Constraint",
    "DesignSpace",
    "Designs",
    "Parameter",
    "Value",
    "categorical",
    "design_keys",
    "ordinal",
    "powers_of_two",
]
