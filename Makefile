# Everything a checkout needs. A fresh machine wants only Python >= 3.11 with pip, and make.
# `make PYTHON=python3.13 setup` picks another interpreter.
PYTHON ?= python3
BIN := .venv/bin
# A checkout installs requirements-dev.lock; the container image installs requirements.lock, which has no more than the
# worker and the command line need. Both hold the same versions.
LOCK := requirements-dev.lock
# Touched after a complete install: present and newer than the lock means there is nothing to do.
STAMP := .venv/.installed
SOURCES := domain views feeds workflows activities runtime monitoring client cli demo bench chaos worker.py starter.py tests

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint format types pictures bench chaos lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv from requirements-dev.lock (done once, and again when that file changes)

$(STAMP): $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Certpath needs Python 3.11 or newer; try: make PYTHON=python3.13 setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r $(LOCK)
	@touch $@

demo: setup ## the whole story on an embedded Temporal server; needs nothing running
	$(BIN)/python starter.py demo

test: setup ## all tests, on real servers (ARGS="-k name" to choose)
	$(BIN)/python -m pytest $(ARGS)

test-fast: setup ## the tests that need no server: half a minute (ARGS="-k name" to choose)
	$(BIN)/python -m pytest $(ARGS) tests/unit

lint: setup ## formatting and lint, changing nothing
	$(BIN)/ruff format --check $(SOURCES) docs
	$(BIN)/ruff check $(SOURCES) docs

format: setup ## put formatting and what lint can repair right
	$(BIN)/ruff format $(SOURCES) docs
	$(BIN)/ruff check --fix $(SOURCES) docs

types: setup ## strict type check
	$(BIN)/mypy $(SOURCES)

pictures: setup ## the pictures of the Temporal UI in docs/, by a real browser (needs chromium)
	$(BIN)/python docs/screenshot.py

bench: setup ## Certpath against a bare workflow, on one embedded server
	$(BIN)/python -m bench

chaos: setup ## 200 journeys while workers, server and mail fail; everything accounted for (ARGS="--seed 7")
	$(BIN)/python -m chaos $(ARGS)

lock: setup ## resolve pyproject.toml anew into both lock files (no registry address, no machine path)
	$(COMPILE) --upgrade pyproject.toml --output-file requirements.lock
	$(COMPILE) --upgrade --all-extras --constraint requirements.lock pyproject.toml --output-file $(LOCK)

clean: ## remove the environment, caches and var/
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
