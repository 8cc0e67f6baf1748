# What there is to do with calbot. Everything here sets itself up: `make run` on a fresh clone is enough.
.DEFAULT_GOAL := help
.PHONY: help install run test test-postgres check package soak bench chaos phrases docs pictures fuzz oracles handbook runtime sbom audit clean

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
BENCHMARKS := expansion hostile_objects list_latency planning poll_closing reminder_burst sync_unchanged sync_change sync_first sync_idle agenda_week feed

export ONCE PORT

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(READY) ## set up .venv with everything; quick if nothing changed

$(READY): pyproject.toml demo/install.py
	@command -v $(PYTHON) >/dev/null || { echo "make install: Python 3.10 to 3.13 is needed, there is no $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -I demo/install.py
	@touch $@

run: $(READY) ## the demonstration: servers, people, a meeting, a poll, a reminder; ONCE=1 ends after it, PORT= picks ports
	@$(PY) -m demo

# Three runs side by side: one of all tests with servers, which mostly wait for these and start each once, one of those of
# the use cases, which are the most, and one of all others.
WITH_SERVERS := tests/contract tests/demo tests/e2e tests/matrix tests/package
define side_by_side # how pytest is run, and its options
	@mkdir -p .pytest_cache
	@$(1) $(2) $(WITH_SERVERS) -o cache_dir=.pytest_cache/servers >.pytest_cache/servers.log 2>&1 & servers=$$!; \
	$(1) $(2) tests/services -o cache_dir=.pytest_cache/services >.pytest_cache/services.log 2>&1 & services=$$!; \
	$(1) $(2) $(addprefix --ignore=,$(WITH_SERVERS) tests/services); failed=$$?; \
	wait $$services || failed=1; cat .pytest_cache/services.log; \
	wait $$servers || failed=1; cat .pytest_cache/servers.log; exit $$failed
endef

test: $(READY) ## all tests, with the real servers; with a floor for the coverage
	@$(PY) -m coverage erase
	$(call side_by_side,$(PY) -m coverage run --parallel-mode -m pytest)
	@$(PY) -m coverage combine --quiet
	$(PY) -m coverage report --fail-under=$(COVERAGE_FLOOR)

# What opens a database, on a PostgreSQL that each of the runs starts for itself. No coverage: that is known by then.
test-postgres: $(READY) ## the tests that need a database, on PostgreSQL; Debian's package postgresql is needed
	$(call side_by_side,$(PY) -m pytest,--database postgres)

check: $(READY) ## style, types, import rules, licences, complete catalogs, current pages
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	.venv/bin/reuse lint --lines
	$(PY) -m pytest -q tests/core/test_catalogs.py
	$(PY) -m tests.command_docs --check
	$(PY) -m tests.configuration_docs --check

package: $(READY) ## dist/io.calbot-v….mbp, to upload to maubot
	@$(PY) -m demo.package . dist

soak: $(READY) ## a simulated year, judged by a model of what must have been posted; SEED= DAYS= SCALE= change it
	@$(PY) -m tests.soak --seed $(SEED) --days $(DAYS) --scale $(SCALE)

bench: $(READY) ## what a command and a sync cost, against a floor measured in the same run
	@failed=; for benchmark in $(BENCHMARKS); do $(PY) -m bench.$$benchmark || failed="$$failed $$benchmark"; done; \
	if [ -n "$$failed" ]; then echo "make bench: too much:$$failed" >&2; exit 1; fi

phrases: $(READY) ## dates made from their meaning, read and counted by kind; N= for another number, SEED= for others
	@$(PY) -m tests.core.dates.report $(or $(N),20000) --seed $(SEED)

chaos: $(READY) ## kills on real servers while reminders are due and polls close; KILLS= POLLS= SEED= for other numbers
	$(PY) -m tests.chaos --kills $(KILLS) --polls $(POLLS) --seed $(SEED)

pictures: $(READY) ## docs/messages.md and its pictures: what the bot says, as a client shows it; needs a Chromium
	@$(PY) -m tests.pictures

docs: $(READY) ## docs/commands.*.md and docs/configuration.*.md, from what commands and configuration are read by
	@$(PY) -m tests.command_docs
	@$(PY) -m tests.configuration_docs

fuzz: $(READY) ## inputs by chance for the parsers; N= SEED= change how many and which
	@$(PY) -m tests.fuzz $(or $(N),100000) --seed $(SEED)

oracles: $(READY) ## random calendars and rules, read by ical.js and dateutil as well; N= for another number of each
	ORACLE_CASES=$(or $(N),5000) $(PY) -m pytest tests/oracles

interoperability: $(READY) ## docs/interoperability.md: what is expected of calendar servers, tried on those installed
	@$(PY) -m tests.interoperability docs/interoperability.md

handbook: $(READY) ## docs/admin.de.md typed word by word, against real servers; HANDBOOK= for another one, BARE= in a bare Debian
	@$(PY) -m tests.handbook $(or $(HANDBOOK),docs/admin.de.md) $(if $(BARE),--bare $(BARE))

# What calbot asks for and what that asks for, resolved anew, in an environment with nothing else in it.
RUNTIME := dist/runtime

runtime: $(READY)
	@rm -rf $(RUNTIME) && $(PY) -m venv --without-pip $(RUNTIME)
	@$(PY) -m tests.dependencies >$(RUNTIME)/requirements.txt
	@CMAKE_POLICY_VERSION_MINIMUM=3.5 $(PY) -m pip --python $(RUNTIME)/bin/python --disable-pip-version-check \
	  install --quiet --requirement $(RUNTIME)/requirements.txt

sbom: runtime ## dist/calbot.cdx.json: what runs with calbot, with versions and licences, as CycloneDX has it
	@.venv/bin/cyclonedx-py environment $(RUNTIME)/bin/python --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --validate --output-file dist/calbot.cdx.json
	@echo dist/calbot.cdx.json

# A package that could not be looked up is not one without holes: --strict, and no list without an answer for each.
audit: runtime ## what runs with calbot against the advisories that PyPI knows; fails where these cannot be asked, too
	@rm -f dist/audit.txt
	@.venv/bin/pip-audit --strict --progress-spinner off --path $(RUNTIME)/lib/python3.*/site-packages \
	  --output dist/audit.txt 2>dist/audit.log && tail -n 1 dist/audit.log || { \
	  if [ -s dist/audit.txt ]; then cat dist/audit.txt; echo "make audit: there are advisories about these packages" >&2; \
	  else tail -n 1 dist/audit.log >&2; \
	    echo "make audit: the advisories could not be asked about every package, so nothing is known" >&2; fi; exit 1; }

clean: ## remove the demonstration's data and everything built, but not .venv
	rm -rf .demo dist build *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
