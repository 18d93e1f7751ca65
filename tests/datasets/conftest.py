from tests.sweeps.conftest import document, run  # noqa: F401 (fixtures)
