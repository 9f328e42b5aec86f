# Makes everything that a checkout needs. A fresh machine needs only Python >= 3.11 with pip, and make.
# `make PYTHON=python3.13 setup` picks another interpreter.
PYTHON ?= python3
BIN := .venv/bin
# A checkout installs requirements-dev.lock. The container image installs requirements.lock, which has only the packages
# that the worker and the command line need. Both files have the same versions.
LOCK := requirements-dev.lock
# Touched after a complete install. If it is there and newer than the lock, there is nothing to do.
STAMP := .venv/.installed
SOURCES := domain views feeds record workflows activities runtime monitoring client cli demo bench chaos drill trials worker.py starter.py tests

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup demo compiled test test-fast lint format types schemas formats pictures bench chaos drill lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv from requirements-dev.lock (once, and again when that file changes)

$(STAMP): $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Certpath needs Python 3.11 or newer; try: make PYTHON=python3.13 setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r $(LOCK)
	@touch $@

demo: setup ## play a whole programme on an embedded Temporal server, then end; no other server is needed
	$(BIN)/python starter.py demo

compiled: setup
	@# So that not every one of the test processes compiles every module in a fresh clone. pytest compiles test_*.py itself.
	@$(BIN)/python -m compileall -q -j 0 -x '/test_' $(SOURCES)

test: compiled ## run all tests, on real servers (ARGS="-k name" to choose, ARGS="--shuffle 7" for a random order of files)
	$(BIN)/python -m pytest $(ARGS)

test-fast: compiled ## run the tests that need no server, in half a minute (ARGS="-k name" to choose)
	$(BIN)/python -m pytest $(ARGS) tests/unit

lint: setup ## check formatting and lint, and change nothing
	$(BIN)/ruff format --check $(SOURCES) docs
	$(BIN)/ruff check $(SOURCES) docs

format: setup ## repair formatting, and what lint can repair
	$(BIN)/ruff format $(SOURCES) docs
	$(BIN)/ruff check --fix $(SOURCES) docs

types: setup ## check the types, strictly
	$(BIN)/mypy $(SOURCES)

schemas: setup ## write docs/schemas anew, after a change of a message or of the answer of `status`
	CERTPATH_SCHEME=schemes/ciac.toml $(BIN)/python starter.py schema --write docs/schemas

formats: setup ## write what a change adds to the formats that are kept for ever (docs/changing.md)
	$(BIN)/python -m tests.formats

pictures: setup ## take the pictures of the Temporal UI in docs/ with a real browser (needs chromium)
	$(BIN)/python docs/screenshot.py

bench: setup ## compare Certpath with a bare workflow, on one embedded server
	$(BIN)/python -m bench

chaos: setup ## play 200 journeys while workers, server, mail and record fail, and account for everything (ARGS="--seed 7")
	$(BIN)/python -m chaos $(ARGS)

drill: setup ## move 200 candidacies to a newer build, back and forth again, and account for everything (ARGS="--seed 7")
	$(BIN)/python -m drill $(ARGS)

lock: setup ## resolve pyproject.toml anew into both lock files (with no registry address and no machine path)
	$(COMPILE) --upgrade pyproject.toml --output-file requirements.lock
	$(COMPILE) --upgrade --all-extras --constraint requirements.lock pyproject.toml --output-file $(LOCK)

clean: ## remove the environment, caches and var/
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
