# Every target makes what it needs (.venv, from the pins in requirements/) and is instant the second time.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
ARGS ?=

# ---- for users

.PHONY: run
run: .venv/.stamp-server  ## start the server on http://127.0.0.1:8000, its data in ~/.assay (ARGS="--port 9000")
	@$(BIN)/assay serve $(ARGS)

.PHONY: demo
demo: .venv/.stamp-server  ## the same, with logs, a dataset and a report to look at
	@$(BIN)/assay demo $(ARGS)

# ---- for contributors

.PHONY: test
test: .venv/.stamp-dev .exporters/.stamp  ## run the tests (ARGS="-k filters -x")
	@sh scripts/bootstrap.sh postgres
	@$(BIN)/pytest -n $(WORKERS) -m "not browser" --ignore=tests/recovery $(ARGS)
WORKERS ?= 2

.PHONY: test-web
test-web: .venv/.stamp-dev  ## run the browser tests; pictures go to tests/web/screenshots
	@sh scripts/bootstrap.sh chromium
	@$(BIN)/pytest -n $(WORKERS) -m browser tests/web $(ARGS)

.PHONY: test-recovery
test-recovery: .venv/.stamp-dev  ## run the slower tests: kills in the middle of work, full disks
	@sh scripts/bootstrap.sh postgres
	@$(BIN)/pytest -n $(WORKERS) tests/recovery $(ARGS)

.PHONY: check check-format check-lint check-types check-floors check-scripts
check: check-format check-lint check-types check-floors check-scripts  ## format, lint, types and floors, as CI does (make -k check: all findings)
check-format: .venv/.stamp-dev
	@$(BIN)/ruff format --check .
check-lint: .venv/.stamp-dev
	@$(BIN)/ruff check .
check-types: .venv/.stamp-dev
	@$(BIN)/mypy
check-floors: .venv/.stamp-dev
	@$(BIN)/lint-imports
check-scripts:  # the types of the pages' scripts, where Node is
	@if command -v npm >/dev/null; then $(MAKE) -s web-tools/node_modules/.stamp && web-tools/node_modules/.bin/tsc -p web-tools; \
	else echo "check-scripts: skipped, there is no Node here"; fi

.PHONY: bench
bench: .venv/.stamp-dev  ## measure against the budgets (ARGS="--help")
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-ui
bench-ui: .venv/.stamp-dev  ## measure the pages in Chromium, over 100,000 rows and 1,000,000 logs (ARGS="--data DIR" keeps them)
	@sh scripts/bootstrap.sh chromium
	@$(BIN)/python -m benchmarks ui --scale full $(ARGS)

.PHONY: lock
lock:  ## resolve requirements/*.txt anew, from requirements/*.in and pyproject.toml
	@sh scripts/bootstrap.sh lock

.PHONY: clean
clean:  ## remove environments, caches and build products; ./data stays
	@rm -rf .venv .exporters web-tools/node_modules tests/web/screenshots .tools build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find src tests benchmarks scripts -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamps stand for installed environments; scripts/bootstrap.sh touches them.
.venv/.stamp-server: requirements/server.txt requirements/build.txt pyproject.toml
	@sh scripts/bootstrap.sh server

.venv/.stamp-dev: requirements/dev.txt requirements/build.txt pyproject.toml
	@sh scripts/bootstrap.sh dev

.exporters/.stamp: requirements/exporters.txt requirements/keywordsai-tracing.txt
	@sh scripts/bootstrap.sh exporters

web-tools/node_modules/.stamp: web-tools/package-lock.json
	@sh scripts/bootstrap.sh web-tools
