PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo screenshots test test-crash test-chaos check lint types lock clean

demo: $(READY)
	$(BIN)/python run.py demo $(DEMO_ARGS)

# Every page of the console as docs/screenshots show it (needs chromium).
screenshots: $(READY)
	PYTHONPATH=tests/console:tests/moderation:tests/store $(BIN)/python docs/screenshots.py

test: $(READY)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n auto --dist loadfile $(TEST_ARGS)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

# A real daemon, killed two hundred times.
test-crash: $(READY)
	MODBOT_CRASH_KILLS=200 $(BIN)/python -m pytest -s tests/crash/test_crash.py $(TEST_ARGS)

# Simulated days with three in ten answers bad.
test-chaos: $(READY)
	MODBOT_CHAOS_SEEDS=10 $(BIN)/python -m pytest -s tests/chaos $(TEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "modbot needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: --requirement requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

# For maintainers: resolve anew from pyproject.toml (needs uv).
lock:
	uv pip compile pyproject.toml --extra server --extra fast --group dev requirements-build.in --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --output-file requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache
