# The gate and the doors. `make` alone lists them.
#
# Settings may stand on the line: make run PORT=8001 INSTANCE=/srv/centre
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
# Servers and children that the tests start would read every module anew.
export PYTHONDONTWRITEBYTECODE :=
python := .venv/bin/python

# Where a line that no test has run could cost somebody their safety.
proven := core/access.py,core/disclosure/*,core/sealing.py,core/roster.py,intake/seal/receipt.py,survey/effects/*,survey/pairing.py

.DEFAULT_GOAL := help
.PHONY: help run demo test sure fix bench upgrade migration static

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use
run: ## Set everything up and serve on HOST:PORT (127.0.0.1:8000), data in INSTANCE (instance/)
	@bin/prepare
	@exec $(python) serve.py

demo: ## Serve a throwaway centre with people and data; ACCOUNTS=file.json writes the sign-ins; SEED, SIZE=small
	@bin/prepare
	@exec $(python) -m demo

##@ Change
test: ## Everything: static checks, both databases, journeys in Chromium, promises (10 minutes at most)
	@bin/prepare develop
	@bin/prepare-tests
	@$(MAKE) static
	@# Counting lines costs more than half as much again: what PostgreSQL and a browser repeat is not counted twice.
	@$(python) -m pytest -n 2 --dist worksteal -m "not postgresql and not browser" --cov --cov-report=
	@$(python) -m coverage report --format=total --fail-under=90 >/dev/null || { $(python) -m coverage report; exit 1; }
	@$(python) -m coverage report --fail-under=100 --include="$(proven)" >/dev/null || \
		{ $(python) -m coverage report --include="$(proven)"; exit 1; }
	@$(python) -m pytest -n 2 --dist worksteal -m "postgresql or browser"

sure: ## Before each commit: static checks and the quick tests (90 seconds at most)
	@bin/prepare develop
	@$(MAKE) static
	@$(python) -m pytest -n 2 --dist worksteal -m "not postgresql and not browser and not slow"

static:
	@$(python) -m ruff format --check --quiet . || { echo "make fix puts the form right"; exit 1; }
	@$(python) -m ruff check --quiet .
	@$(python) -m mypy
	@.venv/bin/lint-imports --cache-dir .import_linter_cache
	@.venv/bin/deptry .
	@$(python) -m codespell_lib
	@set -- .tools/*/bin/uv; "$$1" lock --check --quiet

fix: ## Put the form right: order of imports, line breaks, what ruff can mend by itself
	@bin/prepare develop
	@$(python) -m ruff check --fix --quiet . || true
	@$(python) -m ruff format --quiet .

bench: ## The figures of speed and size, with the load of this machine beside them
	@bin/prepare develop
	@$(python) -m bench

migration: ## The next step of the database, drafted from the models: NAME="words that say what changes"
	@bin/prepare develop
	@test -n "$(NAME)" || { echo 'Say what changes: make migration NAME="units have a telephone"'; exit 1; }
	@$(python) migrations/draft.py "$(NAME)"

upgrade: ## Newer versions of everything this program is made of; then read what changed and run the tests
	@bin/prepare develop
	@set -- .tools/*/bin/uv; "$$1" lock --upgrade --quiet; \
	{ sed -n '1p' requirements-uv.txt; echo uv | "$$1" pip compile --upgrade --quiet --generate-hashes --no-header --no-annotate -; } > requirements-uv.new
	@mv requirements-uv.new requirements-uv.txt
	@bin/prepare develop
	@git --no-pager diff --stat -- uv.lock requirements-uv.txt
