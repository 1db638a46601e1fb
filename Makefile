# Two commands on a machine that has Python 3.11 or newer: `make demo` and `make test`. `make help` lists all.
# Everything is installed into .venv beside this file; nothing outside this folder is changed.
#
#   PYTHON=/path/to/python3.12 make demo     use this interpreter
#   CHROMIUM=/path/to/chromium make test     use this browser in the browser tests
#   PORT=8080 make demo                      serve on another port

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
# Two workers: what the smallest CI machines have.
TEST_WORKERS ?= 2
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test lint types floors unit mutants bench format clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.ready ## set up and serve the demonstration chart on 127.0.0.1:8000
	$(BIN)/cds-service demo --host $(HOST) --port $(PORT)

test: lint types floors unit ## set up, then lint, types, floors, all tests and the coverage gate

lint: $(VENV)/.ready-test ## style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-test ## mypy, strict
	$(BIN)/mypy

floors: $(VENV)/.ready-test ## which room may import which
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/.ready-test ## all tests, browser tests included, then the coverage gate
	@rm -f .coverage .coverage.* coverage.json
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --cov --cov-report=json --cov-report=
	$(BIN)/python tests/coverage_gate.py coverage.json

# WHAT='cds_service.risk.tier' limits it to one module. How it works, and what was found: docs/mutation-testing.md.
mutants: $(VENV)/.ready-mutation ## change each rule of the engine and see whether a test notices (half an hour)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.mutation.make
	cd mutants && "$(CURDIR)/$(BIN)/python" -m tests.mutation.run --workers $(TEST_WORKERS) $(WHAT)

bench: $(VENV)/.ready-test ## how fast it is: the tables of docs/performance.md, about ten minutes
	$(BIN)/python -m benchmarks.report --write docs/performance.md

format: $(VENV)/.ready-test ## write the formatting and the safe lint corrections
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what make and the tools have made
	rm -rf $(VENV) build dist mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov
	rm -f .coverage .coverage.* coverage.json

# The stamps: an install is repeated only when the dependencies have changed.
$(VENV)/.ready: pyproject.toml | $(BIN)/python
	@echo "Installing the service into $(VENV) ..."
	$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.ready-test: pyproject.toml | $(BIN)/python
	@echo "Installing the service and its test tools into $(VENV) ..."
	$(PIP_INSTALL) -e '.[test,screening,dask]'
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-mutation: $(VENV)/.ready-test
	$(PIP_INSTALL) -e '.[test,mutation]'
	@touch $@

$(BIN)/python:
	@PYTHON="$(PYTHON)" sh .ci/make-venv $(VENV)
