# evisynth: `make report` runs the reviews, `make test` the tests; `make help` lists the rest.
# Needs git, make (3.81 or newer) and Python 3.12 to 3.14; everything else is set up in .venv on first use.

SHELL := /bin/sh
.DEFAULT_GOAL := report
.SUFFIXES:

VENV ?= .venv
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
# More to say to snakemake or pytest: make report ARGS=--dry-run, make test ARGS=tests/effects
ARGS ?=

BIN := $(VENV)/bin
PY := $(BIN)/python
READY := $(VENV)/.ready

# The same result on every machine: no random hashing, no pop-up windows, one thread per process (the cores go to jobs).
unexport PYTHONPATH PYTHONHOME
export PYTHONHASHSEED := 0
export PYTHONUTF8 := 1
export PYTHONNOUSERSITE := 1
export MPLBACKEND := Agg
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1
export NUMEXPR_NUM_THREADS := 1

.PHONY: report
report: $(READY) ## run every review of config/config.yaml (CORES=n, ARGS=... for snakemake)
	@$(PY) tools/run_workflow.py --cores $(CORES) --keep-going $(ARGS)
	@for page in results/*/report/index.html; do \
		if [ -f "$$page" ]; then echo "The report is in $$page"; fi; \
	done

.PHONY: test
test: $(READY) ## run the tests (ARGS=tests/effects for a part)
	@$(PY) -m pytest --numprocesses $(CORES) --dist loadfile --ignore tests/golden $(ARGS)

.PHONY: slurm-test
slurm-test: $(READY) ## run the workflow on a one-node Slurm that it sets up (needs root on Debian or Ubuntu)
	@PYTHON="$(PY)" bash tests/slurm/run.sh; code=$$?; [ $$code -eq 77 ] || exit $$code

.PHONY: golden
golden: $(READY) ## compare the results of make report with the reference tables in tests/golden
	@$(PY) -m pytest --quiet tests/golden $(ARGS)

.PHONY: lint
lint: $(READY) ## check the code's style and the workflow's form
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@if [ -f Snakefile ]; then \
		$(BIN)/snakefmt --check Snakefile workflow && $(PY) -m snakemake --lint; \
	fi

.PHONY: format
format: $(READY) ## rewrite the code in the house's style
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .
	@if [ -f Snakefile ]; then $(BIN)/snakefmt Snakefile workflow; fi

.PHONY: bench
bench: $(READY) ## time evisynth against other packages (NAME=part of a benchmark's name)
	@$(PY) benchmarks/run.py $(NAME)

.PHONY: lock
lock: ## write requirements.lock anew (ARGS='--upgrade-package numpy' for one package)
	@python=$$(sh tools/find_python.sh) && sh tools/lock_requirements.sh "$$python" $(ARGS)

.PHONY: clean
clean: ## delete the results and all caches, not .venv
	@if [ -d results ]; then find results -mindepth 1 ! -path results/README.md -delete; fi
	@rm -rf .snakemake .pytest_cache .ruff_cache .hypothesis build dist
	@find src scripts tests benchmarks workflow -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: distclean
distclean: clean ## delete .venv as well
	@rm -rf $(VENV)

.PHONY: setup
setup: $(READY) ## build .venv and nothing else

.PHONY: help
help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

# Two stamps, the last thing that each step writes. A change of the lock builds .venv from nothing; a change of
# pyproject.toml alone installs the project again, which takes no network.
$(READY): $(VENV)/requirements.lock pyproject.toml
	@$(PY) -m pip install -qq --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/requirements.lock: requirements.lock
	@sh tools/build_venv.sh $(VENV)

# A folder that was moved or copied, or whose Python is gone, has a .venv that points elsewhere.
ifneq ($(shell test "$$(cat $(VENV)/.home 2>/dev/null)" = "$$(pwd -P)" && $(PY) -c "" 2>/dev/null && echo ok),ok)
.PHONY: $(VENV)/requirements.lock
endif
