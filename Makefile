# Works with nothing but Python 3.11+ and its venv module; uses uv when it is there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check uncached proof mutants chaos chaos-naive format histories lock clean

setup: .venv/ready

.venv/ready: pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Handrail needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

demo: setup  ## the whole of Handrail on this machine, no account and no key needed
	@$(BIN)/handrail demo

SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder

test: setup  ## three at a time also on two cores: much of it waits, for Slack's pace or for a part to come back
	$(BIN)/pytest $(SIDE_BY_SIDE)

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

TESTS ?= tests
uncached: setup  ## the tests again, with workers that remember no workflow: each task replays its run from the start
	HANDRAIL_MAX_CACHED_WORKFLOWS=0 $(BIN)/pytest $(SIDE_BY_SIDE) $(TESTS)

proof: setup  ## what takes too long for every test run: poison, floods, parts that are killed, all histories cut everywhere
	$(BIN)/pytest -m proof

# Named by a pattern, so that mutmut first runs every test by its id: one that it can't find would pass for a kill.
mutants: setup  ## change the rules in a thousand ways: which does no test notice? See docs/mutants.md; ten minutes
	rm -rf mutants
	$(BIN)/mutmut run 'workflows.rules.*'
	$(BIN)/python -m tests.mutants

MINUTES ?= 5
chaos: setup  ## real processes, killed again and again; MINUTES=60 is the long form, SEED=… an earlier one once more
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

chaos-naive: setup  ## the same kills on a plain activity with retries: it has to show duplicates
	$(BIN)/python -m tests.chaos --naive --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

histories: setup  ## record the histories that later versions must be able to replay
	$(BIN)/pytest -m recorded --record-histories

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## after a change to the dependencies in pyproject.toml; needs uv
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements-dev.txt
	printf 'hatchling==1.31.0\neditables==0.5\n' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements-build.txt

clean:  ## forget the demo's state; keeps .venv
	rm -rf .handrail
