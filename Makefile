# The same commands for a newcomer, a developer and CI. Needs python3.11 and make; everything else is installed into .venv.
# First choice: the distribution's interpreter, compiled with a profile of itself. One built by hand often is not, and is a third slower.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip' 2>/dev/null && echo /usr/bin/python3.11 || command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV := VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes 2>/dev/null
# Extras stay in the pins: pip before 24, as Debian 12 has it, refuses `a[b]>=1` of a package beside a pin of `a` alone.
COMPILE := $(BIN)/uv pip compile --quiet --no-strip-extras --generate-hashes --no-header --python-version 3.11
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install run users check test proof bench chaos quality env requirements lint security deadcode types walls templates migrations containers workflows openapi packages

help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

run: .venv/.run-installed ## start everything: panel, bot, stores (Ctrl-C ends it)
	@exec $(BIN)/python -m devstack.run

users: .venv/.run-installed ## the people of the panel: make users ARGS="list"
	@$(BIN)/flask users $(ARGS)

test: install ## all tests, on embedded stores
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: install lint security deadcode types walls templates migrations containers workflows openapi packages ## all that finds mistakes without running the system

install: .venv/.dev-installed ## what `run`, `check` and `test` need, into .venv

bench: install ## measure the targets of the design (no pass or fail)
	@$(BIN)/python -m bench $(ARGS)

chaos: install ## kill every process at every step, many times, and count what was lost
	@$(BIN)/python -m bench.chaos $(ARGS)

quality: install ## simulated customers of eleven voices: how they fare (make quality ARGS="--seeds 1")
	@$(BIN)/python -m tests.quality $(ARGS)

proof: install ## attack the running system, some two hours and a half (make proof ARGS="webhook --bodies 20000" for one part)
	@$(BIN)/python -m tests.proof $(ARGS)

env: ## write .env and secrets/, for docker compose (never overwrites any)
	@$(PYTHON) deployment/generate_env.py
	@echo "Wrote .env and secrets/. Keep a copy of secrets/gatte_encryption_keys in a safe; set GATTE_DOMAIN in .env and fill secrets/whatsapp_*."

requirements: install ## pin again after a change of a requirements*.in (add ARGS=--upgrade for new versions)
	$(COMPILE) $(ARGS) requirements.in -o requirements.txt
	$(COMPILE) $(ARGS) requirements-embedded.in -o requirements-embedded.txt
	$(COMPILE) $(ARGS) requirements-backup.in -o requirements-backup.txt
	$(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) $(ARGS) requirements-install.in -o requirements-install.txt

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

security:
	$(BIN)/python -m tests.bandit_findings

deadcode:
	$(BIN)/vulture

types:
	$(BIN)/mypy

walls:
	$(BIN)/lint-imports --no-cache

templates:
	$(BIN)/djlint gatte/templates --lint --quiet

migrations:
	@$(BIN)/alembic -c migrations/alembic.ini heads | awk '/\(head\)/ {heads++} END {if (heads != 1) {print heads + 0 " heads of migrations"; exit 1}}'
	@$(BIN)/alembic -c migrations/alembic.ini upgrade head --sql > .venv/migrations.sql
	$(BIN)/squawk --config .squawk.toml .venv/migrations.sql

containers:
	$(BIN)/hadolint Dockerfile
	GATTE_ENV_FILE=.env.example $(BIN)/docker-compose --profile '*' config --quiet
	GATTE_ENV_FILE=.env.example $(BIN)/docker-compose -f docker-compose.yml -f deployment/docker-compose.bucket.yml config --quiet

workflows:
	$(BIN)/zizmor --offline --quiet --min-severity low .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

openapi: .venv/openapi/.installed
	@$(BIN)/python -m tests.openapi_document > .venv/openapi/document.json
	cd .venv/openapi && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true ../bin/node node_modules/@redocly/cli/bin/cli.js lint document.json --config redocly.yaml

packages:
	$(PIP) check

.venv/bin/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 11))" || { echo "GATTE needs Python 3.11: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.run-installed: requirements.txt requirements-embedded.txt requirements-install.txt | .venv/bin/python
	@echo "Installing packages into .venv (under a minute, only now)..."
	@$(PIP) install -qq --no-compile --require-hashes -r requirements-install.txt
	@$(UV) -r requirements.txt -r requirements-embedded.txt || $(PIP) install -qq --no-compile --require-hashes -r requirements.txt -r requirements-embedded.txt
	@touch $@

.venv/.dev-installed: requirements-dev.txt .venv/.run-installed
	@echo "Installing the development tools into .venv..."
	@$(UV) -r requirements-dev.txt || $(PIP) install -qq --no-compile --require-hashes -r requirements-dev.txt
	@touch $@

.venv/openapi/.installed: $(wildcard .ci/openapi/*) .venv/.dev-installed
	@mkdir -p .venv/openapi && cp .ci/openapi/* .venv/openapi/
	@cd .venv/openapi && PATH="../bin:$$PATH" ../bin/npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@
