# make demo · make test · make lint · make bench · make docs: each creates and reuses .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUTPUT ?= out/demo
STAMP := $(VENV)/.installed-for-use
DEV_STAMP := $(VENV)/.installed-for-development
BENCH_STAMP := $(VENV)/.installed-for-benchmarks
# dicompyler-core 0.5.6 does not import with pydicom 3: it gets an environment of its own.
PEERS := .venv-peers
# Those of the registration benchmark are large: an environment that is only theirs.
REGISTRATION_PEERS := .venv-peers-registration

.PHONY: demo test lint bench docs clean

demo: $(STAMP)
	$(BIN)/reirradiation run Testing/Data/demo_case/case.json --output $(OUTPUT) --replace
	$(BIN)/reirradiation register Testing/Data/demo_case/case_from_images.json --output $(OUTPUT)-registration --replace

test: $(DEV_STAMP)
	$(BIN)/python -m pytest

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BENCH_STAMP)
	$(BIN)/python Testing/Benchmarks/bench.py
	$(BIN)/python Testing/Benchmarks/bench_records.py
	$(BIN)/python Testing/Benchmarks/bench_reading.py
	$(BIN)/python Testing/Benchmarks/bench_dosimetry.py
	$(BIN)/python Testing/Benchmarks/bench_nelms_dvh.py
	$(BIN)/python Testing/Benchmarks/bench_eclipse_dvh.py
	$(BIN)/python Testing/Benchmarks/bench_planning.py
	$(BIN)/python Testing/Benchmarks/bench_registration.py
	$(BIN)/python Testing/Benchmarks/bench_registration_verdicts.py

docs: $(STAMP)
	$(BIN)/reirradiation interlocks > docs/interlocks.md

clean:
	rm -rf $(VENV) $(PEERS) $(REGISTRATION_PEERS) out

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Without elastix the demo registers with SimpleITK alone.
$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m pip install --quiet --editable '.[elastix]' || echo "itk-elastix cannot be installed here"
	@touch $@

$(DEV_STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test,tools]'
	@touch $@ $(STAMP)

# Peers that cannot be installed are left out of the tables with a word.
$(BENCH_STAMP): $(DEV_STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[test,tools,bench]' || echo "rt-utils or shapely cannot be installed here"
	$(PYTHON) -m venv $(PEERS) && $(PEERS)/bin/python -m pip install --quiet dicompyler-core==0.5.6 'pydicom<3' scikit-image \
		|| { echo "dicompyler-core cannot be installed here"; rm -rf $(PEERS); }
	$(PYTHON) -m venv $(REGISTRATION_PEERS)
	for peer in SimpleITK==2.5.7 itk-elastix==0.25.4 antspyx==0.6.3 plastimatch==1.10.0; do \
		$(REGISTRATION_PEERS)/bin/python -m pip install --quiet $$peer || echo "$$peer cannot be installed here"; \
	done
	@touch $@
