# Works with nothing but Python 3.11+ and its venv module; uses uv when it is there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check format histories lock clean

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

test: setup
	$(BIN)/pytest

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

histories: setup  ## record the histories that later versions must be able to replay
	$(BIN)/pytest tests/workflows -m recorded --record-histories

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## after a change to the dependencies in pyproject.toml; needs uv
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements-dev.txt
	printf 'hatchling==1.31.0\neditables==0.5\n' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements-build.txt

clean:  ## forget the demo's state; keeps .venv
	rm -rf .handrail
