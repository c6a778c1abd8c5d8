# make run [PORT=8000] [HOST=127.0.0.1]: everything on one machine, with a demo project.
# make test [ARGS="-n 2 tests/annotator"], make check, make lock, make clean: see CONTRIBUTING.md.
HOST := 127.0.0.1
PORT ?= 8000
export PYTHON ?= python3
BIN := .venv/bin
LOCK := PATH="$(CURDIR)/.venv/bootstrap/bin:$$PATH" uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header --generate-hashes pyproject.toml

.PHONY: run test check lock clean

run: .venv/run.stamp
	@exec $(BIN)/python manage.py up --demo --host $(HOST) --port $(PORT)

test: .venv/test.stamp
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 $(ARGS)

check: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/project

lock: .venv/run.stamp
	$(LOCK) --group local --output-file requirements.lock
	$(LOCK) --group local --group dev --constraint requirements.lock \
		--output-file tests/requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis test-results

.venv/run.stamp: requirements.lock .ci/uv.txt
	@.ci/install requirements.lock
	@touch $@

.venv/test.stamp: tests/requirements.lock .ci/uv.txt
	@.ci/install tests/requirements.lock
	@touch .venv/run.stamp $@
