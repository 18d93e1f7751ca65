"""Design spaces and typed settings."""

from .constraint import Columns, Constraint, Designs
from .design_space import DesignSpace
from .keys import design_keys
from .parameter import Parameter, Value, categorical, ordinal, powers_of_two
from .permutations import exchanged, exchanges, items_of, places
from .settings import (
    THREADS,
    Setting,
    check_settings,
    defaults_of,
    settings_of_signature,
    settings_of_space,
)

__all__ = [
    "THREADS",
    "Columns",
    "Constraint",
    "DesignSpace",
    "Designs",
    "Parameter",
    "Setting",
    "Value",
    "categorical",
    "check_settings",
    "defaults_of",
    "design_keys",
    "exchanged",
    "exchanges",
    "items_of",
    "ordinal",
    "places",
    "powers_of_two",
    "settings_of_signature",
    "settings_of_space",
]
