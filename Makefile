# The commands of the project. All that is needed is make and Python 3.11 or newer.
#
#   make run       install, migrate, load the demo, serve on 127.0.0.1:8000, and the city's sandbox on 8100
#   make test      all that has to pass before a change lands
#   make bench     the benchmarks, as ratios within one run
#   make openapi   write the descriptions of the API and of the city's side into openapi/
#   make migration WHAT="add funds"    write the next migration from the models
#   make lock      choose the versions of all packages anew, within pyproject.toml
#   make wheels    fetch the packages into wheels/, for machines that reach no index:
#                  PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make run

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The newest Python that can make an environment; PYTHON=… overrides.
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$p -c '$(FITS)' >/dev/null 2>&1 && { echo $$p; break; }; done)

# Backends of the tests. PostgreSQL 18 comes as a wheel; 15 must be installed, without it those tests are
# skipped (but fail where CI is set). Beside SQLite they run every test but not every case of it: see
# tests/conftest.py. `TEST_BACKENDS=postgres15 make test` runs all of them on it.
TEST_BACKENDS ?= sqlite,postgres18,postgres15

.DELETE_ON_ERROR:
.PHONY: run test check bench openapi migration lock wheels clean

run: $(VENV)/.installed
	@$(BIN)/zhaoshang demo
	@trap 'kill $$server $$sandbox 2>/dev/null; wait; exit 130' INT TERM HUP; \
	$(BIN)/zhaoshang municipal-sandbox --if-demo & sandbox=$$!; \
	$(BIN)/zhaoshang serve & server=$$!; \
	wait $$server; status=$$?; kill $$sandbox 2>/dev/null; wait $$sandbox; exit $$status

# Neighbours stay on one worker, which keeps what they begin with; whoever is done first takes over the rest. Servers
# that tests start need not compile the code each time, whatever the machine says.
test: check
	PYTHONDONTWRITEBYTECODE= TEST_BACKENDS=$(TEST_BACKENDS) $(BIN)/pytest -n auto --dist worksteal

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

bench: $(VENV)/.installed-dev
	$(BIN)/pytest tests/benchmarks -m benchmark -s

openapi: $(VENV)/.installed
	$(BIN)/zhaoshang openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json
	$(BIN)/zhaoshang openapi --municipal > openapi/municipal.json.new
	mv openapi/municipal.json.new openapi/municipal.json

migration: $(VENV)/.installed-dev
	@test -n "$(WHAT)" || { echo 'Say what it does: make migration WHAT="add funds"'; exit 1; }
	@$(BIN)/python -m tests.migration "$(WHAT)"

wheels: $(VENV)/pyvenv.cfg
	$(PIP) download --quiet --require-hashes --only-binary :all: --dest wheels -r requirements.lock

COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock: $(VENV)/pyvenv.cfg
	$(PIP) install --quiet uv
	$(COMPILE) --upgrade --group build --output-file requirements.lock
	$(COMPILE) --upgrade --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Stamps say what is installed, so that the second start is quick. An environment whose Python is gone, after
# an upgrade of the system, is made anew.

GONE := $(shell test -f $(VENV)/pyvenv.cfg && ! $(BIN)/python -c '' 2>/dev/null && rm -rf $(VENV))

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer with its venv module is needed and was not found on the PATH."; \
		echo "Debian, Ubuntu: apt-get install python3 python3-venv. Or name one: make run PYTHON=/path/to/python3.12"; \
		exit 1; }
	@echo "Making the environment with $(PYTHON) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing the packages of requirements.lock, this takes a minute the first time ..."
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the packages of requirements-dev.lock ..."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
