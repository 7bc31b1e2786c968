# Needs Python 3.11 or newer and make; everything else is installed into .venv from requirements/, each file checked
# against its hash. `make` alone lists the tasks.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A later make starts where this one stopped: a stamp is newer than what it was installed from.
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
# Two workers: the least machine that the suite is timed on has two cores.
WORKERS ?= 2

# Tests start the program dozens of times; without its bytecode each start compiles all of it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo gallery test check format laws slow faults postgres browser spark matrix proxy shared bench golden digests docs lock audit clean

help: ## List the tasks.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(RUN) ## Fill a demo account, print its report and serve it; the last line is a link.
	$(BIN)/botmeter demo

gallery: $(RUN) ## Serve the demo with a page of all components of pages at /parts.
	BOTMETER_GALLERY=1 $(BIN)/botmeter demo

test: $(DEV) ## Run the fast lane of tests: the same examples each time, in one order.
	@# `make check` runs tests/contract, which read code and docs.
	$(BIN)/python -m pytest -n $(WORKERS) --ignore=tests/contract $(ARGS)

check: $(DEV) ## Prove format, lint of code and templates, types, the import rule and tidiness.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --lint --quiet src/botmeter/web/templates
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/contract

format: $(DEV) ## Format the code and mend what the linter can mend by itself.
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

laws: $(DEV) ## Run what Hypothesis draws: new examples, thirty times as many, in random order.
	HYPOTHESIS_PROFILE=laws $(BIN)/python -m pytest -n $(WORKERS) -p randomly -m "hypothesis and not faults" $(ARGS)

slow: $(DEV) ## Run the tests that take more than a quarter of a second each, and commands through a server.
	$(BIN)/python -m pytest -n $(WORKERS) -m "slow and not hypothesis" $(ARGS)

faults: $(DEV) ## Run the tests that kill processes and fill disks.
	@# They wait for servers most of the time.
	$(BIN)/python -m pytest -n 4 --dist worksteal -m faults tests/faults $(ARGS)

postgres: $(DEV) ## Run the tests of pages, API and commands with users in a PostgreSQL server of its own.
	PYTHONPATH=tests $(BIN)/python -m tests.support.postgres -n $(WORKERS) tests/web tests/api tests/cli $(ARGS)
	$(BIN)/python -m pytest -m postgres tests/postgres $(ARGS)

browser: $(DEV) ## Drive an installed Chromium over every page.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "" tests/browser $(ARGS)

spark: $(DEV) ## Run the tests of lakes on a Spark cluster of two workers, which they start; needs Java 17.
	$(PIP) install --require-hashes --requirement requirements/spark.txt
	$(BIN)/python -m pytest -m spark tests/spark $(ARGS)

matrix: $(DEV) ## Compare lakes on Spark with ledgers: every kind of events, five policies; takes a quarter of an hour.
	$(PIP) install --require-hashes --requirement requirements/spark.txt
	$(BIN)/python -m pytest -m "" tests/matrix $(ARGS)

proxy: $(DEV) ## Serve behind an installed nginx and Caddy, with TLS, with and without a path.
	$(BIN)/python -m pytest -m "" tests/proxy $(ARGS)

shared: $(DEV) ## Run the acceptance tests on the data beside the repository (SHARED=../shared).
	$(BIN)/python -m pytest -n $(WORKERS) -m "" tests/shared $(ARGS)

bench: $(DEV) ## Measure speed and memory against the figures that the product promises.
	$(BIN)/python -m bench $(ARGS)

golden: $(DEV) ## Write the golden files anew; look at the difference before committing it.
	$(BIN)/python -m pytest -q --golden tests/golden

digests: $(DEV) ## Compare the meter's whole tables with golden digests, at a million events a schedule.
	$(BIN)/python -m tests.support.meter_digests 1000000

docs: $(DEV) ## Write the pages of docs/reference and take the pictures of docs/images anew.
	$(BIN)/python docs/generate.py
	$(BIN)/python -m docs.pictures

lock: $(DEV) ## Choose the newest versions of all requirements and write their hashes down.
	$(call locked,run.txt,pyproject.toml --group build)
	$(call locked,dev.txt,pyproject.toml --group dev --constraint requirements/run.txt)
	$(call locked,pdf.txt,--group pdf --constraint requirements/dev.txt)
	$(call locked,spark.txt,--group spark --constraint requirements/dev.txt)
	$(call locked,audit.txt,--group audit)

audit: $(DEV) ## Look the locked requirements up among the known vulnerabilities; needs the network.
	$(BIN)/uv run --quiet --no-project --isolated --with-requirements requirements/audit.txt \
		pip-audit --disable-pip --require-hashes --requirement requirements/run.txt --requirement requirements/dev.txt $(ARGS)

clean: ## Remove the virtual environment and every cache.
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define locked
$(BIN)/uv pip compile $(2) --output-file requirements/$(1) --quiet --upgrade --universal \
	--python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Botmeter needs Python 3.11 or newer, and %s is %d.%d; try make PYTHON=python3.11" \
		% (sys.executable, *sys.version_info[:2]) if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# What pip has installed from the lock stands as it is: --no-deps and --no-build-isolation keep it
# from fetching anything that the lock does not name.
define installed
$(PIP) install --require-hashes --requirement $(1)
$(PIP) install --no-deps --no-build-isolation --editable .
@# Compile the kernel once; else each process of the tests would, at the same time.
@$(BIN)/python -c "from botmeter.metering.meter import load_kernel; load_kernel()"
@# And the program.
@$(BIN)/python -m compileall -q src
@touch $@
endef

$(RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	$(call installed,requirements/run.txt)

$(DEV): requirements/dev.txt pyproject.toml | $(BIN)/python
	$(call installed,requirements/dev.txt)
	@# The same for the tests, which pytest compiles in its own way.
	@$(BIN)/python -m pytest --collect-only --quiet >/dev/null
