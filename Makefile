# What there is to do with calbot. Everything here sets itself up: `make run` on a fresh clone is enough.
.DEFAULT_GOAL := help
.PHONY: help install run test check package soak bench chaos clean

# The first Python of a version that calbot runs on; `make install PYTHON=…` picks another.
PYTHON ?= $(firstword $(foreach python,python3 python3.12 python3.11 python3.13 python3.10,\
  $(shell $(python) -c 'import sys; print("$(python)" if (3, 10) <= sys.version_info[:2] <= (3, 13) else "")' 2>/dev/null)) python3)
PY := .venv/bin/python
READY := .venv/.installed
COVERAGE_FLOOR ?= 95
# How often `make chaos` kills, and with which instants.
KILLS ?= 100
POLLS ?= 100
SEED ?= 1
# How long and how large the year of `make soak` is.
DAYS ?= 365
SCALE ?= 1.0
BENCHMARKS := list_latency planning poll_closing reminder_burst sync_unchanged

export ONCE PORT

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(READY) ## set up .venv with everything; quick if nothing changed

$(READY): pyproject.toml demo/install.py
	@command -v $(PYTHON) >/dev/null || { echo "make install: Python 3.10 to 3.13 is needed, there is no $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -I demo/install.py
	@touch $@

run: $(READY) ## the demonstration: servers, people, a meeting, a poll, a reminder; ONCE=1 ends after it, PORT= picks ports
	@$(PY) -m demo

test: $(READY) ## all tests, with the real servers; with a floor for the coverage
	$(PY) -m coverage run -m pytest
	$(PY) -m coverage report --fail-under=$(COVERAGE_FLOOR)

check: $(READY) ## style, types, import rules, complete catalogs
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -q tests/core/test_catalogs.py

package: $(READY) ## dist/io.calbot-v….mbp, to upload to maubot
	@$(PY) -m demo.package . dist

soak: $(READY) ## a simulated year, judged by a model of what must have been posted; SEED= DAYS= SCALE= change it
	@$(PY) -m tests.soak --seed $(SEED) --days $(DAYS) --scale $(SCALE)

bench: $(READY) ## what a command and a sync cost, against a floor measured in the same run
	@for benchmark in $(BENCHMARKS); do $(PY) -m bench.$$benchmark || exit 1; done

chaos: $(READY) ## kills on real servers while reminders are due and polls close; KILLS= POLLS= SEED= for other numbers
	$(PY) -m tests.chaos --kills $(KILLS) --polls $(POLLS) --seed $(SEED)

clean: ## remove the demonstration's data and everything built, but not .venv
	rm -rf .demo dist build *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
