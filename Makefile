# Two commands: `make demo` shows what it does, `make test` shows that it works.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SHORTRUN := $(BIN)/shortrun
DEMO := demo

.PHONY: demo test types tests campaign docs bench clean

# Packages are compiled when they are first imported: all 16,000 files of them would take two minutes.
$(VENV)/.installed-%: pyproject.toml constraints.txt hatch_build.py
	@echo "Installing into $(VENV): PyTorch and others, a few minutes the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --no-compile --disable-pip-version-check -c constraints.txt -e '.[$*]'
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
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory --jobs 2 --keep-going types tests

types:
	$(BIN)/pyright --pythonpath $(BIN)/python

# Two processes of one thread each; a file is one process's, so that its trained runs are made once. Bytecode is kept,
# whatever the environment says: processes that tests start import what is compiled. Pytest finds no plugins by itself,
# because it would rewrite the assertions of all the packages that bring one.
tests:
	PYTHONDONTWRITEBYTECODE= PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 OMP_NUM_THREADS=1 \
	$(BIN)/python -m pytest -p xdist -p jaxtyping -p hypothesispytest -n 2 --dist loadfile --no-loadscope-reorder

# Random files, kills and draws by the thousands, where `make test` tries a few of each; then the campaigns that are
# programs of their own, with all that each of them tries.
CAMPAIGNS := store readers terminal kernels
campaign: $(VENV)/.installed-dev
	SHORTRUN_CAMPAIGN=1 $(MAKE) --no-print-directory tests
	for name in $(CAMPAIGNS); do OMP_NUM_THREADS=1 $(BIN)/python -m tests.campaigns.$$name || exit 1; done

# What is made from the code, and the documentation site, in site/, whose links and anchors are checked; tutorials that
# have changed are executed first where SHORTRUN_SHARED says where their data are.
docs: $(VENV)/.installed-docs
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/notebooks.py
	$(BIN)/mkdocs build --strict --quiet
	$(BIN)/python docs/check.py site

# Measurements, see docs/performance.md; PEERS=--peers adds other packages, ALL=--all longer measurements.
bench: $(VENV)/.installed-$(if $(PEERS),bench,plots)
	$(BIN)/python -m benchmarks.suite $(PEERS) $(ALL)

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .ruff_cache
