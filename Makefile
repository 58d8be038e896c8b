# Targets, the same for people and for CI. `make` alone lists them.
# A CPU build of torch where the index would bring CUDA:
#   make test PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

WINDOWS     := $(filter Windows_NT,$(OS))
PYTHON      ?= $(if $(WINDOWS),python,python3)
EXTRAS      ?= dev
CONSTRAINTS ?= constraints.txt
BIN         := .venv/$(if $(WINDOWS),Scripts,bin)
RUN         := $(BIN)/python -m
# One file of tests or one notebook is one piece of work; two processes share them.
PARALLEL    := --numprocesses=2 --dist=loadscope --no-loadscope-reorder
comma       := ,
# The stamp names the extras and the constraints, so that asking for others installs them.
READY       := .venv/ready-$(subst $(comma),-,$(EXTRAS))$(patsubst constraints%.txt,%,$(CONSTRAINTS))

.DEFAULT_GOAL := help
.PHONY: help lab quick test nbval twice lint notebooks figures site bench sweep mutants links

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gatewise needs Python 3.11 or newer, but $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	@rm -f .venv/ready-*
	$(RUN) pip install --quiet --constraint $(CONSTRAINTS) --editable ".[$(EXTRAS)]"
	@touch $@

lab: $(READY)  ## open JupyterLab on the first notebook (PORT=8888)
	@$(BIN)/python tools/lab.py $(if $(PORT),--port=$(PORT))

quick: lint  ## lint and unit tests, in a minute
	$(RUN) pytest $(PARALLEL) tests --ignore=tests/browser -m "not slow"

test: lint  ## everything: unit tests, every notebook strictly, exercises, browser
	$(RUN) pytest $(PARALLEL)

nbval: $(READY)  ## every notebook, strictly, and its exercises
	$(RUN) pytest $(PARALLEL) notebooks

twice: $(READY)  ## the same, but each code cell runs twice in a row
	$(RUN) pytest $(PARALLEL) notebooks --twice

lint: $(READY)  ## ruff for Python, oxlint for JavaScript
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(BIN)/oxlint --deny-warnings --ignore-pattern='**/lit-html.js' src/gatewise/widgets/static site/static

notebooks: $(READY)  ## execute every notebook in a fresh kernel and save it normalized
	$(BIN)/python tools/notebooks.py

figures: $(READY)  ## make everything under figures/ again
	$(BIN)/python tools/figures.py

site: $(READY)  ## the book as web pages, in site/out (serve=8000 serves it there, too)
	$(RUN) tools.site $(if $(serve),--serve=$(patsubst 1,8000,$(serve)))

bench: $(READY)  ## everything with a clock: our cells beside torch's, frame times of the widgets, pages
	$(BIN)/python benchmarks/cells.py
	$(BIN)/python benchmarks/widgets.py
	$(RUN) benchmarks.pages

sweep: $(READY)  ## every notebook, strictly, as if on other processors (half an hour)
	$(BIN)/python tools/sweep.py

mutants: $(READY)  ## change each line of cells, check and text: does a test notice? (half an hour)
	$(RUN) pip install --quiet mutmut==3.8.1
	$(RUN) mutmut run --max-children 2
	$(RUN) mutmut results

links:  ## write the address of `origin`, or OWNER=owner/name, into badges and set-up cells
	@$(PYTHON) tools/links.py $(OWNER)
