# make demo · make test · make lint · make bench · make closed-loop · make docs · make sample-data: each creates and reuses .venv by itself.
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
# An optimizer that is not ours, with the many packages it wants.
OPTIMIZER := .venv-closed-loop
OPTIMIZER_STAMP := $(OPTIMIZER)/.installed
LOOP := Testing/ClosedLoop
# The packages of Slicer 5.10, the oldest one, as far as slicer-core lets them be: it brings VTK 9.6 instead of 9.5.
OLDEST := .venv-oldest
OLDEST_TESTS := dicom_reading dicom_writing dose_writing deformable_reg registration_writer validator scan scan_draft \
	person_name compressed_ct damaged_files hostile_names course_dose naming identity remaining_dose dose_orientation \
	command_line demo_truth dosimetry dvh mapping accumulation surface_planes labelmap_body occupancy planning workflow \
	mrml_nodes mrml_scene_writer mrml_segment_reading slicer_engines optimization_structures report headless

.PHONY: demo test test-oldest lint bench closed-loop closed-loop-fine docs sample-data clean

demo: $(STAMP)
	$(BIN)/reirradiation run Testing/Data/demo_case/case.json --output $(OUTPUT) --replace
	$(BIN)/reirradiation register Testing/Data/demo_case/case_from_images.json --output $(OUTPUT)-registration --replace

test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile

test-oldest: $(OLDEST)/.installed
	PYTHONPATH=ReirradiationAccumulation $(OLDEST)/bin/python -m pytest -n auto --dist loadfile \
		$(OLDEST_TESTS:%=Testing/Python/test_%.py)

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
	$(BIN)/python Testing/Benchmarks/bench_report.py
	$(BIN)/python Testing/Benchmarks/bench_scene.py
	$(BIN)/python Testing/Benchmarks/bench_registration.py
	$(BIN)/python Testing/Benchmarks/bench_registration_verdicts.py

# Not part of make test: it needs a large package and minutes.
closed-loop closed-loop-fine: OUTPUT := out/closed-loop

closed-loop: $(STAMP) $(OPTIMIZER_STAMP)
	$(BIN)/python $(LOOP)/prepare.py Testing/Data/demo_case/case.json $(OUTPUT)
	TQDM_DISABLE=1 $(OPTIMIZER)/bin/python $(LOOP)/plan.py $(OUTPUT) --name standard
	$(OPTIMIZER)/bin/python $(LOOP)/picture.py $(OUTPUT) standard
	$(BIN)/python $(LOOP)/evaluate.py $(OUTPUT) standard

# The same with a finer dose grid.
closed-loop-fine: $(STAMP) $(OPTIMIZER_STAMP)
	$(BIN)/python $(LOOP)/prepare.py Testing/Data/demo_case/case.json $(OUTPUT)
	TQDM_DISABLE=1 $(OPTIMIZER)/bin/python $(LOOP)/plan.py $(OUTPUT) --name fine --grid-mm 2
	$(OPTIMIZER)/bin/python $(LOOP)/picture.py $(OUTPUT) fine
	$(BIN)/python $(LOOP)/evaluate.py $(OUTPUT) fine

docs: $(STAMP)
	$(BIN)/reirradiation interlocks > docs/interlocks.md
	mkdir -p docs/schema
	$(BIN)/reirradiation schema > docs/schema/evaluation-2.schema.json

# The archive that Slicer's Sample Data module downloads, and its SHA-256.
sample-data:
	$(PYTHON) Testing/Data/pack_demo_case.py out/sample-data

clean:
	rm -rf $(VENV) $(OLDEST) $(PEERS) $(REGISTRATION_PEERS) $(OPTIMIZER) out

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Without elastix the demo registers with SimpleITK alone, without WeasyPrint the report is no PDF.
$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m pip install --quiet --editable '.[elastix]' || echo "itk-elastix cannot be installed here"
	$(BIN)/python -m pip install --quiet --editable '.[pdf]' || echo "WeasyPrint cannot be installed here"
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

$(OLDEST)/.installed:
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet pydicom==2.4.4 numpy==2.0.2 scipy==1.13.1 SimpleITK==2.5.0 \
		slicer-core==5.13.31053 pytest pytest-xdist hypothesis jsonschema pypdf matplotlib PySide6-Essentials
	@touch $@

$(OPTIMIZER_STAMP):
	$(PYTHON) -m venv $(OPTIMIZER)
	$(OPTIMIZER)/bin/python -m pip install --quiet 'pyRadPlan==0.5.*' 'pydantic==2.12.*' matplotlib
	@touch $@
