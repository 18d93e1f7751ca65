# A newcomer's two commands: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.demo

PYTEST_ARGS ?=

.PHONY: demo test coverage pages test-all bench datasets physics lint docs clean

demo: $(DEMO_STAMP)  ## search the memory controller for a trace captured from a real program
	@echo "demo: what is in the trace, then a search of 200 designs. The first run compiles the simulator's kernels (about half a minute)."
	$(BIN)/archgym dram trace info sqlite
	@if [ -f runs/demo/manifest.json ]; then $(BIN)/archgym run --resume runs/demo; \
	else $(BIN)/archgym run dram/sqlite-low-latency --agent genetic_algorithm --budget 200 --seed 1 --output runs/demo; fi

test: $(STAMP)  ## the default suite, under ten minutes on two cores
	$(BIN)/python .ci/compile_kernels.py
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" $(PYTEST_ARGS)

coverage: $(STAMP)  ## lines and branches of the core that the last `make test PYTEST_ARGS="--cov=archgym --cov-branch"` ran
	$(BIN)/python .ci/coverage_floor.py

pages: $(STAMP)  ## every block of README, tutorials and how-to guides, and every notebook, from an installed wheel
	$(BIN)/python .ci/compile_kernels.py
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow tests/docs

test-all: $(STAMP)  ## the default suite and the tests that take minutes
	$(BIN)/python -m pytest -n 2 --dist worksteal

bench: $(STAMP)  ## speed and memory claims
	@for program in benchmarks/bench_*.py; do $(BIN)/python $$program || exit 1; done

datasets: $(STAMP)  ## the small data sets that ship, one a domain
	$(BIN)/archgym dataset samples --to cost_models/data

physics: $(STAMP)  ## record the sources behind released keys, after comparing figures
	$(BIN)/python benchmarks/record_physics.py

docs: $(STAMP)  ## the site, into build/site; strict, links checked. ARCHGYM_DOCS_NOTEBOOKS=plain runs no notebook
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build -q

lint: $(STAMP)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev]"
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy archgym simulators agents cost_models scenarios

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "archgym needs Python 3.11 or newer; say make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing archgym with all extras and the tools of the tests into $(VENV): about 3 GB"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[test]"
	@touch $@

# A plain `pip install .` brings more than the demo needs: proxies, data sets and reports.  Nothing is
# compiled to bytecode beforehand, which saves half of the time and a fifth of the space.
$(DEMO_STAMP): pyproject.toml constraints.txt .ci/demo.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "archgym needs Python 3.11 or newer; say make PYTHON=/path/to/python3.11"; exit 1; }
	@[ -f $(STAMP) ] || { \
	echo "demo: installing what it needs into $(VENV), about 450 MB; \`make test\` installs the rest"; \
	$(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile -c constraints.txt -r .ci/demo.txt && \
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-compile --no-deps -e .; }
	@touch $@

clean:
	rm -rf $(VENV) runs build *.egg-info
