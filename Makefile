# Coltiva. Needs Python 3.11 or newer and make; everything else is installed into .venv.
# `make` alone lists the targets. Override the interpreter with `make PYTHON=/path/to/python3 ...`.

SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --no-input --quiet
INSTALL := $(PIP) install --no-compile
SFDX := build/sfdx
# Bytecode is written by all processors at once, which pip does not. Without it the CRM's SDK takes seconds to import.
COMPILE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
unexport PYTHONDONTWRITEBYTECODE

# The first of these that runs, is new enough and can make environments. A shim that fails is passed over.
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.13 python3.12 python3.11 python3 python)
PROBE := import ensurepip, sys, venv; raise SystemExit(sys.version_info < (3, 11))
TYPED := connector webhooks $(wildcard app.py)
# A process for each processor, up to eight, as each takes 300 MB; ARGS=-n0 runs the tests in one.
PARALLEL := --numprocesses logical --maxprocesses 8 --dist worksteal
SOURCES := $(TYPED) tests

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(VENV)/.runtime ## Watch leads being nurtured in a sandbox portal, no account needed
	@$(BIN)/coltiva demo $(ARGS)

.PHONY: install
install: $(VENV)/.runtime ## Install Coltiva into .venv: the command is .venv/bin/coltiva

.PHONY: test
test: $(VENV)/.dev ## Run the tests on all processors; ARGS="-k score" passes options to pytest
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## Check format, lint, strict types, import contracts and docs
	@$(MAKE) --keep-going check-format check-lint check-types check-imports check-docs

.PHONY: check-format check-lint check-types check-imports check-docs
check-format: $(VENV)/.dev
	@echo "format"; $(BIN)/ruff format --quiet --check --output-format concise $(SOURCES) || { \
		echo "run: make format"; exit 1; }
check-lint: $(VENV)/.dev
	@echo "lint"; $(BIN)/ruff check --quiet --output-format concise $(SOURCES)
check-types: $(VENV)/.dev
	@echo "types"; $(BIN)/mypy $(TYPED)
check-imports: $(VENV)/.dev
	@echo "import contracts"; $(BIN)/lint-imports --no-logo
check-docs: $(VENV)/.dev
	@echo "docs and architecture"; $(BIN)/python -m pytest tests/test_docs.py tests/test_architecture.py

.PHONY: format
format: $(VENV)/.dev ## Format the code and apply the linter's safe fixes
	@$(BIN)/ruff check --quiet --fix-only $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

.PHONY: cover
cover: $(VENV)/.dev ## Run the tests and report branch coverage
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev ## Measure speed and memory; figures go to build/bench.json
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: sfdx
sfdx: $(SFDX)/.installed ## Install what checks the Salesforce package (needs Node.js, 20 or newer)

.PHONY: lock
lock: ## Pin every dependency again (needs the network)
	@$(FIND_PYTHON); "$$python" -m venv --clear build/lock-venv
	@build/lock-venv/bin/python -m pip --disable-pip-version-check --quiet install uv
	@$(LOCK) --group build --output-file requirements/runtime.txt
	@$(LOCK) --group build --group dev --extra postgres --extra salesforce-cdc --constraint requirements/runtime.txt \
		--output-file requirements/dev.txt
	@rm -rf build/lock-venv
	@echo "wrote requirements/runtime.txt and requirements/dev.txt"

LOCK := build/lock-venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

.PHONY: clean
clean: ## Remove the environment, builds and caches
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -type d -name __pycache__ -prune -exec rm -rf {} +

# The environment. A stamp is older than its lock only after a change, so a second run needs no network.

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the test tools (once; about a minute) ..."
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@$(COMPILE)
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml $(BIN)/python
	@echo "installing Coltiva into $(VENV) (once; about a minute) ..."
	@$(INSTALL) --require-hashes --requirement requirements/runtime.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

$(BIN)/python:
	@$(FIND_PYTHON); echo "making $(VENV) with $$("$$python" --version)"; "$$python" -m venv --clear $(VENV)

# Without the scripts of packages: nothing but files is installed.
$(SFDX)/.installed: tests/sfdx/package.json tests/sfdx/package-lock.json
	@echo "installing Salesforce's library into $(SFDX) (once; about half a minute) ..."
	@mkdir -p $(SFDX)
	@cp $^ $(SFDX)
	@npm ci --prefix $(SFDX) --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

FIND_PYTHON = for python in $(CANDIDATES) ""; do \
		"$$python" -c '$(PROBE)' >/dev/null 2>&1 && break; \
	done; \
	test -n "$$python" || { \
		echo "Coltiva needs Python 3.11 or newer, with its venv module; looked for: $(CANDIDATES)." >&2; \
		echo "Found: $$(python3 --version 2>&1 || true). On Debian and Ubuntu: apt install python3 python3-venv." >&2; \
		exit 1; \
	}
