# Two commands: `make demo` shows what it does, `make test` shows that it works.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SHORTRUN := $(BIN)/shortrun
DEMO := demo

.PHONY: demo test bench clean

$(VENV)/.installed-%: pyproject.toml constraints.txt hatch_build.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	touch $@

demo: $(VENV)/.installed-plots
	$(SHORTRUN) train digits --part train -o $(DEMO)/run --hidden 256 --updates 2000 --seed 1 --overwrite
	$(SHORTRUN) generate $(DEMO)/run -n 100 --seed 1 -o $(DEMO)/generated.npz
	$(SHORTRUN) generate $(DEMO)/run -n 100 --seed 1 -o $(DEMO)/generated.png
	$(SHORTRUN) predict $(DEMO)/run digits --part test -o $(DEMO)/predictions.csv
	@echo "Generated digits, one row a label: $(DEMO)/generated.png"

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

# Measurements, see docs/performance.md; PEERS=--peers adds other packages, ALL=--all longer measurements.
bench: $(VENV)/.installed-$(if $(PEERS),bench,plots)
	$(BIN)/python -m benchmarks.suite $(PEERS) $(ALL)

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .ruff_cache
