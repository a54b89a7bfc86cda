# make demo · make test · make lint · make bench · make docs: each creates and reuses .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUTPUT ?= out/demo
STAMP := $(VENV)/.installed-for-use
DEV_STAMP := $(VENV)/.installed-for-development

.PHONY: demo test lint bench docs clean

demo: $(STAMP)
	$(BIN)/reirradiation run Testing/Data/demo_case/case.json --output $(OUTPUT) --replace

test: $(DEV_STAMP)
	$(BIN)/python -m pytest

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(DEV_STAMP)
	$(BIN)/python Testing/Benchmarks/bench.py
	$(BIN)/python Testing/Benchmarks/bench_records.py
	$(BIN)/python Testing/Benchmarks/bench_reading.py

docs: $(STAMP)
	$(BIN)/reirradiation interlocks > docs/interlocks.md

clean:
	rm -rf $(VENV) out

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(DEV_STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test,tools]'
	@touch $@ $(STAMP)
