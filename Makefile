# Every target sets up what it needs in .venv by itself: Python 3.10+ and Rust are all a machine must have.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMPS := $(VENV)/.stamps
EXTENSION := $(STAMPS)/extension
CHECKED := $(CURDIR)/target/checked-package

RUST_SOURCES := $(shell find rust Cargo.toml Cargo.lock -type f 2>/dev/null)

# Zig links for the C library of old systems; the one of this machine may ask for its own version.
WHEEL_FLAGS := $(if $(filter Linux,$(shell uname -s)),--zig --compatibility manylinux2014)

# What is in .venv may be dear to somebody: it is not replaced unasked.
IDENTITY := import sys; print(*sys.version_info[:3], sep=".", end=" "); print(sys.base_prefix)
ifneq ($(origin PYTHON),file)
ifneq ($(wildcard $(PY)),)
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
OWN := $(shell $(PY) -c '$(IDENTITY)')
ASKED := $(shell $(PYTHON) -c '$(IDENTITY)')
ifneq ($(OWN),$(ASKED))
$(error .venv has Python $(OWN), and PYTHON=$(PYTHON) is $(or $(ASKED),none): make clean removes .venv)
endif
endif
endif
endif

# The caller's environment, activated or not, is neither used nor changed.
unexport CONDA_PREFIX CONDA_DEFAULT_ENV PYTHONPATH PYTHONHOME PIP_TARGET PIP_USER PIP_PREFIX
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PYO3_PYTHON := $(CURDIR)/$(PY)
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A Rust that rustup has only just installed is not on PATH yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check bench docs wheel checked memory clean

help: ## this list
	@echo "usage: make <target>"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(EXTENSION) ## train a real model by gradients of plain Python loops
	$(PY) examples/breast_cancer.py

test: $(EXTENSION) $(STAMPS)/test ## Rust tests of the core, then the Python tests
	cargo test -p autograd-core
	$(PY) -m pytest

check: $(EXTENSION) $(STAMPS)/check ## formatting, lints, types, stubs
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy --strict
	$(PY) tools/make_stubs.py --check
	$(PY) -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist tools/stubtest_allowlist.txt \
		--ignore-unused-allowlist autograd_rs._core

bench: $(EXTENSION) $(STAMPS)/bench ## one table: ours beside plain floats, NumPy and every peer installed
	$(PY) benches

docs: $(EXTENSION) $(STAMPS)/docs ## the manual, into site
	$(PY) docs/make_reference.py
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

wheel: $(STAMPS)/build $(STAMPS)/wheel ## a wheel for this Python, into dist
	$(PY) -m maturin build --release --interpreter $(PY) --out dist $(WHEEL_FLAGS)
	$(PY) tools/check_wheel.py dist

checked: $(CHECKED) $(STAMPS)/test ## the tests of the unsafe rooms on a build with debug assertions
	PYTHONPATH=$(CHECKED) $(PY) -m pytest tests/test_fuzz.py tests/test_tape.py tests/test_vector.py

memory: $(CHECKED) $(STAMPS)/test ## some of these tests on that build under valgrind
	PYTHONPATH=$(CHECKED) AUTOGRAD_FUZZ_SEQUENCES=4 AUTOGRAD_FUZZ_STEPS=200 \
		$(PY) tools/check_memory.py tests/test_fuzz.py tests/test_vector.py

clean: ## remove everything the other targets made
	rm -rf $(VENV) target dist build site benches/results htmlcov .coverage* coverage.xml
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f python/autograd_rs/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps live in .venv, so that they go with it. A deleted extension is built again.
ifeq ($(wildcard python/autograd_rs/_core*.so),)
.PHONY: $(EXTENSION)
endif

$(EXTENSION): $(RUST_SOURCES) pyproject.toml $(STAMPS)/build
	@command -v cargo >/dev/null || { echo "cargo not found: install Rust from https://rustup.rs" >&2; exit 1; }
	$(PY) -m maturin develop --release
	@touch $@

# A copy of the package around the checked build, beside the one that is used otherwise.
$(CHECKED): $(EXTENSION) $(wildcard python/autograd_rs/*.py python/autograd_rs/*/*.py)
	cargo build --profile checked --package autograd-py --target-dir target
	rm -rf $@
	mkdir -p $@
	cp -r python/autograd_rs $@
	rm -f $@/autograd_rs/_core*.so
	cp target/checked/lib_core.so $@/autograd_rs/_core.so

$(STAMPS)/%: requirements/%.txt | $(PY)
	$(PY) -m pip install --quiet --requirement $<
	@mkdir -p $(STAMPS)
	@touch $@

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "$(PYTHON) is not Python 3.10 or later: try make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }
