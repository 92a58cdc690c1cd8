# One verb per task; CI calls the same verbs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Wheels only: what has none for this Python is left out, and said so.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What pytest runs: folders, and a condition on marks (MARKS='not long').
TESTS ?= tests
MARKS ?=
LIBRARIES := numpy scikit-learn pandas networkx cloudpickle joblib loky
# Where the build lies that is not optimised, and tells a function's name and lines.
DEBUG := $(VENV)-debug

.PHONY: help venv build debug demo test lint rust pytest stubs bench profile torch clean

help:           ## List the verbs.
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || uv venv --quiet --seed --python $(PYTHON) $(VENV)
	$(PIP) --upgrade pip

venv: $(BIN)/python  ## Make the virtual environment and what tests need.
	$(PIP) 'maturin>=1.9,<2' pytest pytest-xdist hypothesis ruff mypy
	@for library in $(LIBRARIES); do \
	  $(PIP) --only-binary :all: $$library 2>/dev/null || echo "left out: no wheel of $$library for this Python"; \
	done

build: venv     ## Build the extension and install the package.
	$(PIP) --no-build-isolation --force-reinstall --no-deps .

debug:          ## Build without optimisation, beside the other environment.
	MATURIN_PEP517_ARGS='--profile dev' $(MAKE) build VENV=$(DEBUG)

demo: build     ## Pickle a trained pipeline through an importer, and read it back.
	$(BIN)/python examples/package_pipeline.py

rust:           ## Format, lint and test the Rust side.
	cargo fmt --all --check
	PYO3_BUILD_EXTENSION_MODULE=1 PYO3_PYTHON=$(abspath $(BIN)/python) cargo clippy --workspace --all-targets -- -D warnings
	PYO3_BUILD_EXTENSION_MODULE=1 PYO3_PYTHON=$(abspath $(BIN)/python) cargo test --workspace --quiet

lint:           ## Lint the Python side.
	$(BIN)/ruff check .

stubs:          ## Hold the type stubs against the module.
	cd tests && ../$(BIN)/python -m mypy.stubtest oxipickle._oxipickle

pytest:         ## Run the Python tests, on all cores.
	$(BIN)/python -m pytest -q -n auto $(if $(MARKS),-m '$(MARKS)') $(TESTS)

test: build     ## Build and pass all tests, Rust's and Python's.
	$(MAKE) rust lint stubs pytest

torch: venv     ## Add PyTorch, for the tests against torch.package.
	$(PIP) torch

bench: build    ## Print the table of ratios.
	$(BIN)/python -m benchmarks

profile: build debug  ## Count instructions and calls per element, under valgrind.
	$(BIN)/python -m benchmarks profile
	$(DEBUG)/bin/python -m benchmarks calls

clean:          ## Remove what was built.
	rm -rf $(VENV) $(DEBUG) target
