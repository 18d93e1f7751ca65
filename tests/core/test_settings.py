"""Settings have types: what is legal comes back in its type, what is not is named, all at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym import Setting, load_scenario, registry
from archgym.contracts.making import make_simulators, simulator_settings
from archgym.errors import SettingError, UnknownNameError
from archgym.space import (
    categorical,
    check_settings,
    defaults_of,
    ordinal,
    settings_of_signature,
)

SWITCH = Setting("identical", "switch", False)
WHOLE = Setting("placements", "whole", 4, low=1, high=1024)
NUMBER = Setting("share", "number", 0.5, low=0.0, high=1.0)
CHOICE = Setting("semantics", "choice", "jedec", ("dramsys", "jedec"))
CLOCK = Setting("clock", "number", 1e9, low=1.0, unit="Hz")
MAYBE = Setting("threads", "whole", None, low=1, optional=True)


@pytest.mark.parametrize(
    ("setting", "given_", "expected"),
    [
        (SWITCH, "false", False),
        (SWITCH, "False", False),
        (SWITCH, "on", True),
        (SWITCH, True, True),
        (SWITCH, np.bool_(False), False),
        (WHOLE, "1", 1),
        (WHOLE, 4.0, 4),
        (WHOLE, np.int64(7), 7),
        (NUMBER, "0.25", 0.25),
        (NUMBER, 1, 1.0),
        (CHOICE, "jedec", "jedec"),
        (CLOCK, "2 GHz", 2e9),
        (CLOCK, 5, 5.0),
        (MAYBE, None, None),
        (MAYBE, "none", None),
        (MAYBE, "3", 3),
    ],
)
def test_legal_values_come_back_in_their_type(setting, given_, expected):
    got = setting.check(given_)
    assert got == expected and isinstance(got, type(expected))


@pytest.mark.parametrize(
    ("setting", "given_", "message"),
    [
        (SWITCH, "maybe", "true or false"),
        (SWITCH, 2, "true or false"),
        (WHOLE, "1.5", "whole number"),
        (WHOLE, 1.5, "whole number"),
        (WHOLE, True, "whole number"),
        (WHOLE, 0, "from 1 to 1024"),
        (WHOLE, 10**30, "from 1 to 1024"),
        (WHOLE, None, "whole number"),
        (NUMBER, float("nan"), "a number from 0 to 1"),
        (NUMBER, "inf", "a number"),
        (NUMBER, "2", "from 0 to 1"),
        (NUMBER, "two", "a number"),
        (CHOICE, "jedek", "did you mean 'jedec'"),
        (CHOICE, ["jedec"], "one of dramsys, jedec"),
        (CLOCK, "2 GW", "Hz"),
        (CLOCK, -1, "at least 1"),
        (MAYBE, 0, "at least 1"),
    ],
)
def test_what_is_not_legal_is_refused(setting, given_, message):
    with pytest.raises((SettingError, UnknownNameError), match=message):
        setting.check(given_)


def test_all_faults_are_told_at_once():
    with pytest.raises(SettingError) as caught:
        check_settings(
            "simulator 'x'", (SWITCH, WHOLE), {"identical": "?", "placements": 0, "z": 1}
        )
    text = str(caught.value)
    assert "3 faults" in text and all(w in text for w in ("identical", "placements", "'z'"))


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers() | st.text() | st.booleans())
def test_a_checked_value_lies_in_its_range(value):
    for setting in (WHOLE, NUMBER):
        try:
            got = setting.check(value)
        except SettingError:
            continue
        assert setting.low <= got <= setting.high
        assert setting.type != "whole" or isinstance(got, int)


def test_hyperparameters_are_settings_and_whole_ones_stay_whole():
    p = ordinal("population", (8, 16, 32))
    setting = Setting.of_parameter(p, 16)
    assert setting.type == "whole" and setting.check("20") == 20
    for bad in (20.5, "20.5", 7, 33):
        with pytest.raises(SettingError):
            setting.check(bad)
    fraction = Setting.of_parameter(ordinal("rate", (0.1, 0.5)), 0.1)
    assert fraction.type == "number" and fraction.check(0.3) == 0.3
    assert Setting.of_parameter(categorical("kind", ("a", "b")), "a").type == "choice"
    assert Setting.of_parameter(categorical("flag", (False, True)), True).check("false") is False


@pytest.mark.parametrize("kind", ["agents", "cost_models"])
def test_every_default_is_legal(kind):
    for name in registry.names(kind):
        cls = registry.load(kind, name)
        declared = cls.declared_settings()
        checked = check_settings(name, declared, defaults_of(declared), "hyperparameter")
        assert checked == dict(cls.defaults), name


@pytest.mark.parametrize("name", registry.names("simulators"))
def test_simulators_declare_settings_that_their_constructors_take(name):
    import inspect

    declared = simulator_settings(name)
    parameters = inspect.signature(registry.load("simulators", name)).parameters
    open_ = {
        n for n, p in parameters.items() if p.kind is p.VAR_KEYWORD
    }  # takes settings by any name
    taken, named = set(parameters) - {"workload"} - open_, {s.name for s in declared}
    assert named >= taken if open_ else named == taken
    for setting in declared:
        assert setting.description, f"{name}: {setting.name} says nothing"
        if setting.default is not None:
            assert setting.check(setting.default) == setting.default


def test_cost_models_check_their_hyperparameters():
    make = registry.load("cost_models", "ridge")
    with pytest.raises(SettingError, match="degree"):
        make(degree="two")
    with pytest.raises(UnknownNameError, match="did you mean 'degree'"):
        make(degre=2)


def test_text_from_a_command_line_means_what_it_says():
    scenario = load_scenario("codesign/w1-joint", config={"identical": "false"})
    assert scenario.simulators[0].identical is False and scenario.config["identical"] is False
    (simulator,) = make_simulators("ffet", ["mac16"], {"placements": "1"})
    assert simulator.count == 1


def test_settings_are_read_off_a_signature_where_none_are_declared():
    class Plain:
        def __init__(
            self, workload: str, gain: float = 1.0, deep: bool = False, name: str | None = None
        ):
            pass

    found = {s.name: s for s in settings_of_signature(Plain, ("workload",))}
    assert found["gain"].type == "number" and found["deep"].check("no") is False
    assert found["name"].optional
