# Two commands matter: `make demo` shows the main job, `make test` runs the tests. Each makes its
# own virtual environment from hashed locks the first time (PYTHON=... picks the Python).

PYTHON ?= python3
DEMO ?= build/demo
# More for pytest: make test ARGS="-k scope -n 0"
ARGS ?=
JOBS ?= auto

RUN_VENV := .venv
DEV_VENV := .venv-dev
LOCK_VENV := .venv-lock
DEV := $(DEV_VENV)/bin

export PYTHON
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check format coverage wheel lock clean run-venv dev-venv

help:
	@echo "make demo      show the main job: sample clients and every output, in $(DEMO)"
	@echo "make test      run the tests"
	@echo "make check     lint, format, types, import contract, documentation"
	@echo "make format    let ruff mend style and layout"
	@echo "make coverage  run the tests and say which lines they leave out"
	@echo "make wheel     build the sdist and, from it, the wheel into dist/"
	@echo "make lock      resolve and pin the requirements anew (ARGS=--upgrade for newer ones)"
	@echo "make clean     remove what these made"

run-venv:
	@sh scripts/venv.sh $(RUN_VENV) requirements/runtime.lock requirements/build.lock

dev-venv:
	@sh scripts/venv.sh $(DEV_VENV) requirements/dev.lock

demo: run-venv
	@$(RUN_VENV)/bin/compliance-graph demo $(DEMO)

test: dev-venv
	@$(DEV)/python -m pytest -q -n $(JOBS) $(ARGS)

check: dev-venv
	@PATH="$(CURDIR)/$(DEV):$$PATH" sh scripts/check.sh

format: dev-venv
	@$(DEV)/ruff check --fix .
	@$(DEV)/ruff format .

coverage: dev-venv
	@$(DEV)/python -m pytest -q -n $(JOBS) --cov --cov-report=term-missing $(ARGS)

wheel: dev-venv
	@rm -rf dist
	@$(DEV)/python -m build --no-isolation --outdir dist

lock:
	@sh scripts/venv.sh --no-project $(LOCK_VENV) requirements/lock-tool.lock
	@PATH="$(CURDIR)/$(LOCK_VENV)/bin:$$PATH" sh scripts/lock.sh uv $(ARGS)

clean:
	rm -rf $(RUN_VENV) $(DEV_VENV) $(LOCK_VENV) build dist .hypothesis .mypy_cache .pytest_cache \
		.ruff_cache .import_linter_cache .coverage
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
