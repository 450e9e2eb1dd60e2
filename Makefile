# The platform on one machine. Bare `make` prints this help.
#   RUN_DIR=.run       where everything of a running copy is kept
#   PORT_BASE=7300     the gateway's port; the other ports follow it
#   SCALE="evaluation=3 gateway=2"   replicas
#   SAMPLE=small       the sample campus of the first run: none, small or campus
#   AMQP_URI MONGO_URI use these servers instead of private ones

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m deploy.local
export RUN_DIR PORT_BASE SCALE SAMPLE
# Each of the many processes of a run would compile all it imports: a fifth of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run up down status env tour test lint faults bench contracts clean machine
MAKEFLAGS += --no-print-directory

help: ## Print this help
	@sed -n 's/^# \{0,1\}//p' Makefile | head -n 6
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

run: .venv/installed ## Start everything, load the sample campus at the first run, stop on Ctrl-C
	@exec $(RUN) run

up: .venv/installed ## The same, behind
	@exec $(RUN) up

down: .venv/installed ## Stop it, wherever it was started
	@exec $(RUN) down

status: .venv/installed ## Say how each part is
	@exec $(RUN) status

env: .venv/installed ## Print the addresses of the running platform (make -s env)
	@exec $(RUN) env

tour: .venv/installed ## Do the main job through the public HTTP API of the running platform
	@addresses=$$($(RUN) env) && export $$addresses && exec $(BIN)/python -m deploy.local.tour

# What lint finds is said after what the tests found; it is at work while they are collected.
test: .venv/installed ## Lint, types, import rules, all tests
	@said=$$(mktemp) && { $(MAKE) lint >"$$said" 2>&1 & lint=$$!; } && \
	{ $(BIN)/python -m pytest; tests=$$?; wait $$lint; lint=$$?; cat "$$said"; rm -f "$$said"; \
		exit $$((tests > lint ? tests : lint)); }

lint: .venv/installed ## Lint, format, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict services/chassis services/contracts gateway deploy/local $$(find services -path services/chassis -prune -o -name model.py -print) services/evaluation/ratings/caps.py services/notify/messages/outcomes.py
	@$(BIN)/lint-imports --no-logo

faults: .venv/installed ## Kill everything under load, at length, and print what was lost or doubled
	@exec $(BIN)/python -m tests.faults

bench: .venv/installed ## Measure against bare floors in one run
	@exec $(BIN)/python -m tests.bench

contracts: .venv/installed ## Write the published contracts and documents anew from the code
	@exec $(BIN)/python -m gateway.contracts

clean: ## Remove what running and testing left, and the environment; stops what runs behind
	@if [ -x $(BIN)/python ]; then $(RUN) down || true; fi
	@rm -rf "$${RUN_DIR:-.run}" .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

machine:
	@deploy/local/install.sh $(PYTHON)

# The environment is made once per state of the lock; a run after that goes past this in no time.
.venv/installed: requirements.lock pyproject.toml | machine
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11 to 3.13 is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Choose another: make PYTHON=…" >&2; exit 1; }
	@echo "Installing the locked dependencies, which takes minutes at the first time …"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
