# The two commands of the README are `make demo` and `make test`; both work on a fresh machine with Python 3.11.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DIR ?= demo-room
DEMO_FLAGS ?=
SCREENSHOTS ?= screenshots
JOBS ?= 2

.PHONY: help demo test check lint types imports docs-check bench lock clean browser screenshots

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/room.stamp  ## build a demo room end to end, print the released answers, serve the pages
	$(BIN)/cleanroom demo --dir $(DEMO_DIR) $(DEMO_FLAGS)

test: $(VENV)/dev.stamp browser  ## run all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

check: lint types imports  ## lint, strict types, layers

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

imports: $(VENV)/dev.stamp
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp  ## print every ratio of benchmarks/README.md
	$(BIN)/python -m benchmarks

lock: $(VENV)/tool.stamp  ## write the hashed requirements anew
	bash requirements/lock

browser: $(VENV)/dev.stamp  ## Debian's Chromium for the browser tests
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo "the browser tests need Chromium: apt-get install chromium" >&2; exit 1; }

$(VENV)/tool.stamp: requirements/tool.txt
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --require-hashes -r requirements/tool.txt
	@touch $@

# dev.txt holds all of room.txt, so a tree that can test can also demo.
$(VENV)/room.stamp: $(VENV)/tool.stamp requirements/room.txt pyproject.toml
	@test -e $(VENV)/dev.stamp || $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/room.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/tool.stamp requirements/dev.txt pyproject.toml
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@ $(VENV)/room.stamp

screenshots: $(VENV)/dev.stamp browser  ## every page as each role sees it, light and dark, wide and narrow, to $(SCREENSHOTS)
	$(BIN)/python tests/browser/take_screenshots.py $(SCREENSHOTS)

clean:  ## remove the environment and the demo room
	rm -rf $(VENV) $(DEMO_DIR) $(DEMO_DIR).key
