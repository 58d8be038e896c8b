# The targets are the same for people and for CI. `make` alone lists them.
# To install the CPU build of torch where pip would download CUDA:
#   make test PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

WINDOWS     := $(filter Windows_NT,$(OS))
PYTHON      ?= $(if $(WINDOWS),python,python3)
EXTRAS      ?= dev
CONSTRAINTS ?= constraints.txt
BIN         := .venv/$(if $(WINDOWS),Scripts,bin)
RUN         := $(BIN)/python -m
# Two processes share the work, and each takes a whole test file or notebook at a time.
PARALLEL    := --numprocesses=2 --dist=loadscope --no-loadscope-reorder
comma       := ,
# The stamp file's name contains the extras and the constraints, so make installs if they change.
READY       := .venv/ready-$(subst $(comma),-,$(EXTRAS))$(patsubst constraints%.txt,%,$(CONSTRAINTS))

.DEFAULT_GOAL := help
.PHONY: help lab quick test nbval twice lint notebooks figures screenshot site bench sweep mutants links

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gatewise needs Python 3.11 or newer, but $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	@rm -f .venv/ready-*
	$(RUN) pip install --quiet --constraint $(CONSTRAINTS) --editable ".[$(EXTRAS)]"
	@touch $@

lab: $(READY)  ## open JupyterLab on the first notebook (PORT=8888 by default)
	@$(BIN)/python tools/lab.py $(if $(PORT),--port=$(PORT))

quick: lint  ## lint and unit tests, about a minute
	$(RUN) pytest $(PARALLEL) tests --ignore=tests/browser -m "not slow"

test: lint  ## everything: lint, unit tests, notebooks, exercises, browser tests
	$(RUN) pytest $(PARALLEL)

nbval: $(READY)  ## run every notebook and its exercises, and compare the output with the saved one
	$(RUN) pytest $(PARALLEL) notebooks

twice: $(READY)  ## like nbval, but run each code cell twice in a row
	$(RUN) pytest $(PARALLEL) notebooks --twice

lint: $(READY)  ## check Python with ruff and JavaScript with oxlint
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(BIN)/oxlint --deny-warnings --ignore-pattern='**/lit-html.js' src/gatewise/widgets/static site/static

notebooks: $(READY)  ## execute every notebook in a fresh kernel, normalize it and save it
	$(BIN)/python tools/notebooks.py

figures: $(READY)  ## redraw every SVG in figures/
	$(BIN)/python tools/figures.py

screenshot: $(READY)  ## take the screenshot in README.md again (needs Chromium or Chrome)
	$(BIN)/python tools/screenshot.py

site: $(READY)  ## make the book as web pages in site/out (serve=1 also serves them)
	$(RUN) tools.site $(if $(serve),--serve=$(patsubst 1,8000,$(serve)))

bench: $(READY)  ## time the cells next to torch's, the frames of the widgets, and the pages
	$(BIN)/python benchmarks/cells.py
	$(BIN)/python benchmarks/widgets.py
	$(RUN) benchmarks.pages

sweep: $(READY)  ## like nbval, as if on other processors (half an hour)
	$(BIN)/python tools/sweep.py

mutants: $(READY)  ## mutate the cells, check, text, training and cells.js, and list the changes that no test notices
	$(RUN) pip install --quiet mutmut==3.8.1
	$(RUN) mutmut run --max-children 2
	$(RUN) mutmut results
	$(BIN)/python tools/mutants_js.py

links:  ## write the address of `origin`, or OWNER=owner/name, wherever it appears
	@$(PYTHON) tools/links.py $(OWNER)
