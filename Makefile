# Two commands are enough: `make demo` and `make test`. Each sets everything up by itself.
#
#   make setup PYTHON=/path/to/python3.12             another Python (3.11 or newer)
#   make setup TORCH_FLAGS="--index-url URL"          another source for torch (a CUDA or CPU index)
#   make test  PYTEST_FLAGS="-k locate"               some of the tests
#   make test  JOBS=1                                 one after the other instead of side by side

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?=
TORCH_FLAGS ?=
PYTEST_FLAGS ?=
JOBS ?= auto
DEMO_FLAGS ?=
BENCH_FLAGS ?=
RUN_FLAGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: help setup test check format demo bench city-weights student-weights clean distclean

help:
	@echo "make demo          the whole story on the built-in city; writes demo/report.html"
	@echo "make test          all tests"
	@echo "make check         formatting, lint, types, layers between the rooms"
	@echo "make bench         speed of the city, the evaluation, the search and the training"
	@echo "make city-weights  train the shipped weights anew (hours)"
	@echo "make student-weights  teach the shipped student anew (half an hour)"
	@echo "make setup         only the environment in $(VENV)"
	@echo "make format        put the code in its standard form"
	@echo "make clean         remove caches and what the demo made; distclean also removes $(VENV)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@python=""
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python); do
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
	    python="$$candidate"; break
	  fi
	done
	if [ -z "$$python" ]; then
	  echo "GLEAM needs Python 3.11 or newer; $(if $(PYTHON),$(PYTHON) is not one,none was found). Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2
	  exit 2
	fi
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then
	  echo "==> Making the environment $(VENV) with $$("$$python" --version)"
	  "$$python" -m venv --clear $(VENV)
	fi
	echo "==> Installing torch (the largest part, a few hundred MB)"
	$(PIP) install "torch==$$(sed -n 's/^torch==//p' constraints.txt)" -c constraints.txt $(TORCH_FLAGS)
	echo "==> Installing GLEAM and its other libraries"
	$(PIP) install -e '.[dev]' -c constraints.txt
	touch $(STAMP)
	echo "==> Ready: $$($(BIN)/gleam --version) in $(VENV)"

# One thread per process: on busy machines more threads cost time (up to 7 times in our measurements).
test: $(STAMP)
	@echo "==> Running the tests"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadfile $(PYTEST_FLAGS)

check: $(STAMP)
	@echo "==> Formatting (ruff format)"
	$(BIN)/ruff format --check .
	echo "==> Lint (ruff)"
	$(BIN)/ruff check .
	echo "==> Types (mypy --strict)"
	$(BIN)/mypy
	echo "==> Layers between the rooms (import-linter)"
	$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

demo: $(STAMP)
	@$(BIN)/gleam demo --out demo $(DEMO_FLAGS)

# Those that need nothing but themselves; the others say what they need when run with --help.
BENCHES := city_rendering evaluation_memory vector_search training_pipeline several_photos

bench: $(STAMP)
	@for name in $(BENCHES); do
	  echo "==> benchmarks/$$name.py"
	  OMP_NUM_THREADS=1 $(BIN)/python "benchmarks/$$name.py" $(BENCH_FLAGS)
	done

# Cities that teach, SEED:PIXELS (pictures of several sizes, as users have); 9001 watches.
TAUGHT_BY := 1001:192 1002:128 1003:192 1004:256 1005:192 1006:128 1007:192 1008:256 1009:192 1010:128 \
  1011:192 1012:128 1013:192 1014:128 1015:192 1016:128 1017:192 1018:128 1019:192
# Areas for the calibration, SEED:KM:PLACES:PIXELS, none of them taught by. Users' photos are hardly ever smaller than this.
CALIBRATED_ON := 9101:1.5:120:512 9201:1.3:150:256 9202:1.5:150:512 9203:1.5:150:512 9204:1.5:150:512 9205:1.5:200:512 \
  9208:1.5:120:512 9209:1.5:120:256

city-weights: $(STAMP)
	@for city in $(TAUGHT_BY); do
	  $(BIN)/gleam city make runs/cities/$${city%:*} --seed $${city%:*} --size 3 --places 1600 \
	    --pixels $${city#*:} --no-rasters --no-tiles --split train
	done
	$(BIN)/gleam city make runs/cities/9001 --seed 9001 --size 2.5 --places 1000 --pixels 192 \
	  --no-rasters --no-tiles --split test
	$(BIN)/gleam train city $(RUN_FLAGS)
	areas=(); atlases=()
	for city in $(CALIBRATED_ON); do
	  IFS=: read -r seed km places pixels <<< "$$city"; area="runs/cities/$$seed"
	  $(BIN)/gleam city make "$$area" --seed "$$seed" --size "$$km" --places "$$places" --pixels "$$pixels" --no-tiles
	  $(BIN)/gleam atlas build "$$(ls "$$area"/rasters/*.tif | tail -n 1)" --encoder runs/city-weights --out "$$area.atlas"
	  areas+=("$$area"); atlases+=(--atlas "$$area.atlas")
	done
	$(BIN)/gleam calibrate runs/city-weights "$${areas[@]}" "$${atlases[@]}" --name cities-9101-9209 --limit 60

# Cities SEED of the student; the last is held out for its thresholds and calibration.
STUDENT_CITIES := 8101 8102 8105 8201

student-weights: $(STAMP)
	@for seed in $(STUDENT_CITIES); do
	  $(BIN)/gleam city make runs/cities/$$seed --seed $$seed --size 2 --places 800 --pixels 192 \
	    --no-rasters --no-tiles --split train
	done
	$(BIN)/gleam tune src/gleam/explaining/student/recipes/city.yaml --out runs/student $(RUN_FLAGS)

clean:
	@rm -rf demo runs/demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	echo "==> Caches and the demo are removed; $(VENV) is kept (make distclean removes it)"

distclean: clean
	@rm -rf $(VENV)
