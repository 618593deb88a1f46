# One door: `make demo` to see it, `make test` before you push. Needs Python 3.11, make and a shell;
# Java, Kafka and Valkey come with it. `make` alone lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install install-dev demo test lint format lock freeze plots clean

PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--allow-unsafe --strip-extras --build-deps-for=editable pyproject.toml

help:
	@echo 'make demo         set up, start a Kafka, a Valkey and a small simulated bank; show decisions'
	@echo 'make install      make .venv with the command .venv/bin/shouwen'
	@echo 'make test         every check and test, on a real Kafka and Valkey of its own'
	@echo 'make lint format  the checks alone; the formatter'
	@echo 'make freeze       write the golden files again; commit them by themselves'
	@echo 'make plots        draw the pictures of docs/features again'
	@echo 'make lock         choose the versions of all libraries again (needs install-dev)'
	@echo 'make clean        remove what these targets made'

install: .venv/installed
install-dev: .venv/installed-dev

.venv/installed: requirements.lock pyproject.toml deploy/kafka/jgo.lock.toml
	@echo 'Setting up .venv (about a minute the first time) ...'
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/shouwen kafka --prepare
	@$(BIN)/python -m shouwen.warm
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@echo 'Adding what tests need ...'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

demo: install
	@exec $(BIN)/shouwen demo

test: lint
	$(BIN)/pytest

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The development lock takes the runtime lock's versions, so that tests run what is shipped.
lock: install-dev
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile $(LOCK) --output-file requirements.lock
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile $(LOCK) --extra dev \
		--constraint requirements.lock --output-file requirements-dev.lock

freeze: install-dev
	$(BIN)/python -m tests.freeze

plots: install-dev
	$(BIN)/python -m tests.docs.feature_plots

clean:
	rm -rf .venv var build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
