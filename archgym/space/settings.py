"""Typed settings: what a simulator, an agent or a cost model may be told, declared and checked once.

A setting has a type, legal values or a range, a unit, a default and a sentence.  Values may arrive
as text (command line, YAML, CSV): ``"false"`` is False for a switch, ``"8"`` is 8 for a whole number.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ArchgymError, SettingError, UnknownNameError
from ..units import parse_quantity
from .design_space import DesignSpace
from .parameter import Parameter, Value

Type = Literal["switch", "whole", "number", "text", "choice", "any"]
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Setting:
    """One setting.

    ``type`` is ``switch`` (True or False), ``whole`` (a whole number), ``number`` (finite, in ``unit``),
    ``text``, ``choice`` (one of ``values``) or ``any`` (checked by the object that takes it).
    ``low`` and ``high`` bound numbers, both inclusive.  ``optional`` allows None.
    """

    name: str
    type: Type
    default: Any = None
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    optional: bool = False
    description: str = ""

    @classmethod
    def of_parameter(cls, p: Parameter, default: Any) -> Setting:
        """A hyperparameter as a setting.

        Numbers between two listed values are legal.

        Args:
            p: the hyperparameter.
            default: its value where none is given.

        Returns:
            The setting.
        """
        if p.kind == "categorical" or not p.numeric:
            kind: Type = "choice"
            if set(map(type, p.values)) == {bool}:
                kind = "switch"
            return cls(p.name, kind, default, p.values, unit=p.unit, description=p.description)
        numbers = [float(v) for v in p.values]
        whole = all(isinstance(v, int) for v in p.values)
        return cls(
            p.name, "whole" if whole else "number", default, p.values, min(numbers), max(numbers),
            p.unit, description=p.description,
        )  # fmt: skip

    @property
    def expected(self) -> str:
        """What is legal, in words."""
        unit = f" {self.unit}" if self.unit else ""
        if self.type == "switch":
            words = "true or false"
        elif self.type == "choice":
            words = "one of " + ", ".join(map(str, self.values))
        elif self.type in ("whole", "number"):
            words = "a whole number" if self.type == "whole" else "a number"
            if self.low is not None and self.high is not None:
                words += f" from {self.low:.12g} to {self.high:.12g}"
            elif self.low is not None:
                words += f" of at least {self.low:.12g}"
            elif self.high is not None:
                words += f" of at most {self.high:.12g}"
            words += unit
        else:
            words = "text" if self.type == "text" else "a value"
        return words + (" or none" if self.optional else "")

    def check(self, value: object) -> Any:
        """Bring a value into its type.

        Args:
            value: as text or in its type.

        Returns:
            The value as a bool, int, float, str or None.

        Raises:
            SettingError: not a legal value; names the setting, what was expected and got.
        """
        if hasattr(value, "item") and not isinstance(value, str | bytes):
            value = value.item()  # a NumPy scalar
        if value is None or (isinstance(value, str) and value.lower() in ("none", "null")):
            if self.optional or (value is None and self.default is None):
                return None
            if self.type not in ("text", "choice", "any"):
                raise self._refused(value)
        if self.type in ("any", "text"):
            return value if self.type == "any" else self._text(value)
        number = getattr(self, f"_{self.type}")(value)
        return number

    def _refused(self, value: object) -> SettingError:
        return SettingError(f"{self.name}: expected {self.expected}, got {value!r}")

    def _text(self, value: object) -> str:
        if isinstance(value, str) or hasattr(value, "__fspath__"):
            return str(value)
        raise self._refused(value)

    def _switch(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
        raise self._refused(value)

    def _choice(self, value: object) -> Value:
        try:
            p = Parameter(self.name, self.values, "categorical")
            return p.values[p.index(value)]
        except ArchgymError:
            if isinstance(value, str) and all(isinstance(v, str) for v in self.values):
                raise UnknownNameError(
                    f"value of {self.name}:", value, map(str, self.values)
                ) from None
            raise self._refused(value) from None

    def _number(self, value: object) -> float:
        try:
            number = parse_quantity(value, self.unit)
        except ValueError:
            raise self._refused(value) from None
        if (self.low is not None and number < self.low) or (
            self.high is not None and number > self.high
        ):
            raise self._refused(value)
        for legal in self.values:  # a listed value keeps its own type
            if not isinstance(legal, str) and float(legal) == number:
                return legal
        return number

    def _whole(self, value: object) -> int:
        number = self._number(value)
        if not math.isfinite(number) or number != int(number):
            raise SettingError(f"{self.name}: expected a whole number, got {value!r}")
        return int(number)


# of every simulator that evaluates a batch on several cores
THREADS = Setting(
    "threads",
    "whole",
    None,
    low=1,
    high=1024,
    optional=True,
    description="threads of one evaluation (default: all cores)",
)


def settings_of_space(space: DesignSpace, defaults: Mapping[str, Any]) -> tuple[Setting, ...]:
    """The settings of an agent's or cost model's hyperparameters.

    Args:
        space: the hyperparameters with the values that a sweep draws from.
        defaults: a value for each.

    Returns:
        One setting per hyperparameter.
    """
    return tuple(Setting.of_parameter(p, defaults.get(p.name)) for p in space.parameters)


def check_settings(
    owner: str, settings: Sequence[Setting], given: Mapping[str, object], noun: str = "setting"
) -> dict[str, Any]:
    """The given settings in their types; all faults in one message.

    Args:
        owner: for messages, such as ``simulator 'dram'``.
        settings: what may be given.
        given: values by name, as text or in their types.
        noun: what a setting of this owner is called.

    Returns:
        The given settings in their types.

    Raises:
        UnknownNameError: one name is unknown and nothing else is wrong.
        SettingError: a value is not legal, or several things are wrong.
    """
    known = {s.name: s for s in settings}
    out: dict[str, Any] = {}
    faults: list[ArchgymError] = []
    for name, value in given.items():
        if name not in known:
            faults.append(UnknownNameError(f"{noun} of {owner}:", name, known))
            continue
        try:
            out[name] = known[name].check(value)
        except UnknownNameError as error:
            faults.append(error)
        except SettingError as error:
            faults.append(SettingError(f"{owner}, {noun} {error}"))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise SettingError("\n  ".join([f"{owner}, {len(faults)} faults:", *map(str, faults)]))
    return out


def defaults_of(settings: Iterable[Setting]) -> dict[str, Any]:
    """Every setting at its default.

    Args:
        settings: any.

    Returns:
        The default of each, by name.
    """
    return {s.name: s.default for s in settings}


def settings_of_signature(
    make: Callable[..., Any], leave_out: Iterable[str] = ()
) -> tuple[Setting, ...]:
    """Settings read off a constructor's keyword arguments, for classes that declare none.

    The type is that of the default, or of the annotation where there is none.

    Args:
        make: the constructor.
        leave_out: arguments that are no settings.

    Returns:
        One setting per keyword argument.
    """
    out = []
    for name, p in inspect.signature(make).parameters.items():
        if name in leave_out or name == "self" or p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            continue
        default = None if p.default is p.empty else p.default
        hint = (
            p.annotation if isinstance(p.annotation, str) else getattr(p.annotation, "__name__", "")
        )
        kinds: dict[type, Type] = {bool: "switch", int: "whole", float: "number", str: "text"}
        kind = kinds.get(type(default)) or _of_hint(hint)
        out.append(Setting(name, kind, default, optional="None" in hint or default is None))
    return tuple(out)


def _of_hint(hint: str) -> Type:
    words = {w.strip() for w in hint.split("|")} - {"None"}
    if len(words) == 1:
        names: dict[str, Type] = {
            "bool": "switch",
            "int": "whole",
            "float": "number",
            "str": "text",
        }
        return names.get(words.pop(), "any")
    return "any"


def pairs_of(texts: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping.

    Args:
        texts: as typed.
        option: the option's name, for messages.

    Returns:
        Texts by name.

    Raises:
        ArchgymError: a text of another form.
    """
    out = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise ArchgymError(f"{option} {text}: expected NAME=VALUE")
        out[name] = value
    return out
