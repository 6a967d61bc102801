# `make demo` and `make test` do everything on a fresh machine. `make help` lists the rest.

SHELL := /bin/bash
# The first Python that runs and is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Pythons that are not on the PATH, for test-matrix.
PYTHONS ?= $(wildcard $(HOME)/.pyenv/versions/3.1[12]*/bin/python)
VENV := .venv
RUN := $(VENV)/bin/python
# Modules are compiled once, whatever the environment says: a test run starts dozens of processes.
PYTEST := PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check

.PHONY: help demo demo-check demo-pylti1p3 api-description attack setup test test-quick test-properties test-matrix test-tutor test-webkit quality mutants bench-launch bench-scores bench-picker bench-fleet bench-roster bench-lms soak format requirements clean

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 16

demo: setup ## run the demo (Ctrl-C ends it)
	@exec $(RUN) -m demo.run

demo-check: $(VENV)/.demo ## run the demo without a person; prints one line of JSON
	@$(RUN) -m demo.check

demo-pylti1p3: $(VENV)/.test ## a script that uses PyLTI1p3 on a launch of the demo (docs/how-to/pylti1p3.md); prints one line of JSON
	@$(RUN) -m demo.neighbour

attack: $(VENV)/.demo ## hostile platforms and strangers against a running demo (90 seconds; Linux; ONLY=invented_kids: one); ends with JSON
	@$(RUN) -m demo.attack $(ONLY)

setup: $(VENV)/.demo ## make .venv and a ready stand-in LMS: .venv/bin/python demo/lms/manage.py ...
	@$(RUN) demo/lms/manage.py demo_prepare > /dev/null

# Two processes for each of two processors: what waits for servers, and what computes meanwhile (tests/distribution.py).
test: $(VENV)/.test browser services ## run all tests
	$(PYTEST) -n 4

test-quick: $(VENV)/.test ## run the tests that need no browser and no server
	$(PYTEST) -n 4 tests/unit tests/flows

test-properties: export HYPOTHESIS_PROFILE ?= all
test-properties: $(VENV)/.test ## try all examples of the properties, of which test tries a fifth; HYPOTHESIS_PROFILE=long: many new ones
	$(PYTEST) -n 2 tests/properties

test-matrix: $(VENV)/.quality browser services ## run all tests on Python 3.11 and 3.12, Django 4.2 and 5.2
	$(VENV)/bin/tox run $(if $(PYTHONS),--discover $(PYTHONS))

test-tutor: $(VENV)/.test ## render the Tutor plugin with the real tutor, and run what it renders; part of test
	$(RUN) -m pytest tests/tutor

test-webkit: $(VENV)/.webkit webkit ## try the blocked cookies of Safari's engine
	LTI_TEST_WEBKIT=1 $(RUN) -m pytest tests/webkit

quality: $(VENV)/.quality ## lint, types, imports, migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(RUN) demo/lms/manage.py makemigrations --check --dry-run --skip-checks lti_1p3_provider demo_lms

api-description: $(VENV)/.demo ## write docs/reference/api.yaml anew
	$(RUN) demo/lms/manage.py demo_api description > docs/reference/api.yaml

mutants: $(VENV)/.mutants ## change the code bit by bit, list what no test notices (an hour); ONLY='*.reader.*' takes a part
	@$(RUN) -m tests.mutants $(if $(ONLY),'$(ONLY)')

bench-launch: services compiler $(VENV)/.bench ## measure launches against PyLTI1p3's sample (3 minutes; BENCH_QUICK=1: a try)
	@$(RUN) -m bench.launch

bench-scores: services compiler $(VENV)/.bench ## measure scores against PyLTI1p3 (5 minutes; BENCH_QUICK=1: a try; BENCH_MEMORY=1: memory too)
	@$(RUN) -m bench.scores

bench-picker: services compiler $(VENV)/.bench ## measure the picker on 2,000 courses, 1,000,000 blocks (10 minutes; BENCH_QUICK=1: a try)
	@$(RUN) -m bench.picker

bench-fleet: services compiler $(VENV)/.bench ## measure the fleet's page with 10,000 registrations, 1,000,000 attempts (5 minutes; BENCH_QUICK=1: a try)
	@$(RUN) -m bench.fleet

bench-roster: services compiler $(VENV)/.bench ## measure reading a roster of 20,000 people (2 minutes; BENCH_QUICK=1: a try)
	@$(RUN) -m bench.roster

bench-lms: export EDX_PLATFORM := $(EDX_PLATFORM)
bench-lms: export EDX_PYTHON := $(EDX_PYTHON)
bench-lms: ## measure inside a real LMS: EDX_PLATFORM=<checkout> [EDX_PYTHON=<its python>] (15 minutes; BENCH_QUICK=1: a try)
	@$(PYTHON) -m bench.lms

soak: $(VENV)/.test services ## 50,000 scores, 4 workers, random faults (10 minutes; SOAK_SECONDS, SOAK_SCORES, SOAK_SEED)
	@$(RUN) -m tests.soak

format: $(VENV)/.quality ## format the code
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

requirements: $(VENV)/.quality ## compile requirements/*.in to pinned *.txt; UPGRADE=--upgrade takes newer versions
	for name in base demo test test-django42 quality mutants bench webkit; do \
		$(VENV)/bin/pip-compile --quiet --strip-extras --allow-unsafe --no-header --annotation-style=line $(UPGRADE) \
			--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; done

clean: ## remove what the demo and the tests left
	rm -rf .demo .tox .pytest_cache .mypy_cache .ruff_cache .import_linter_cache mutants

# --- what the targets need --------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed. On Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.demo: $(VENV)/bin/python requirements/demo.txt setup.py
	@echo "Installing what the demo needs (about half a minute)..." >&2
	@$(PIP) -r requirements/demo.txt
	@$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.demo requirements/test.txt
	@echo "Installing what the tests need..." >&2
	@$(PIP) -r requirements/test.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.demo requirements/bench.txt
	@echo "Installing what the benchmark needs..." >&2
	@$(PIP) -r requirements/bench.txt
	@touch $@

$(VENV)/.quality: $(VENV)/.test requirements/quality.txt
	@echo "Installing what the quality checks need..." >&2
	@$(PIP) -r requirements/quality.txt
	@touch $@

$(VENV)/.mutants: $(VENV)/.test requirements/mutants.txt
	@echo "Installing what mutation testing needs..." >&2
	@$(PIP) -r requirements/mutants.txt
	@touch $@

$(VENV)/.webkit: $(VENV)/.test requirements/webkit.txt
	@echo "Installing what WebKit's tests need..." >&2
	@$(PIP) -r requirements/webkit.txt
	@touch $@

.PHONY: webkit
webkit:
	@command -v WebKitWebDriver > /dev/null && command -v Xvfb > /dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
				webkit2gtk-driver xvfb > /dev/null; \
		else \
			echo "WebKit is missing. On Debian: apt-get install webkit2gtk-driver xvfb"; exit 1; \
		fi; }

# Most tests need a page only, which the headless shell shows at a third of the cost; without it, the browser does.
.PHONY: browser
browser:
	@wanted=$$(for name in chromium chromium-headless-shell; do command -v $$name > /dev/null || echo $$name; done); \
	if [ -z "$$wanted" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get -qq update; export DEBIAN_FRONTEND=noninteractive; for name in $$wanted; do \
			apt-get -qq install --yes --no-install-recommends $$name > /dev/null || [ $$name = chromium-headless-shell ] || exit 1; done; \
	else \
		command -v chromium > /dev/null || echo "Browser tests are skipped: chromium is missing. On Debian: apt-get install chromium"; \
		command -v chromium-headless-shell > /dev/null || echo "Browser tests are slower: apt-get install chromium-headless-shell"; \
	fi

# Tests start private instances of these. MariaDB's core packages have no instance of their own; those of the other two
# are switched off where they would run: it is a test that was asked for, not a server.
SERVERS := mysql_install_db:mariadb-server-core my_print_defaults:mariadb-client-core redis-server:redis-server memcached:memcached

# The benchmark has the database driver of an LMS, which is compiled.
.PHONY: compiler
compiler:
	@command -v gcc pkg-config > /dev/null && pkg-config --exists libmariadb || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
				gcc libc6-dev pkg-config libmariadb-dev python3-dev > /dev/null; \
		else \
			echo "The benchmark needs a compiler. On Debian: apt-get install gcc libc6-dev pkg-config libmariadb-dev python3-dev"; exit 1; \
		fi; }

.PHONY: services
services:
	@wanted=$$(for server in $(SERVERS); do \
		PATH=$$PATH:/usr/sbin command -v $${server%:*} > /dev/null || echo $${server#*:}; done); \
	if [ -z "$$wanted" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $$wanted > /dev/null && \
		for name in $$wanted; do case $$name in mariadb*) ;; *) \
			[ ! -d /run/systemd/system ] || systemctl disable --quiet --now $$name; esac; done; \
	else \
		echo "Tests with real databases and caches are skipped. On Debian: apt-get install" $$wanted; \
	fi
