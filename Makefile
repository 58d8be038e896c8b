# One verb each, the same for people and for CI. `make` alone lists them.
# A CPU build of torch where the index would bring CUDA:
#   make test PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

PYTHON ?= python3
EXTRAS ?= dev
BIN    := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
RUN    := $(BIN)/python -m
comma  := ,
# The stamp names the extras, so that asking for more of them installs them.
READY  := .venv/ready-$(subst $(comma),-,$(EXTRAS))

.DEFAULT_GOAL := help
.PHONY: help ready lab test notebooks figures bench sweep mutants links lint

help:
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gatewise needs Python 3.11 or newer, but $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(RUN) pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	@touch $@

ready: $(READY)

lab: $(READY)  ## open JupyterLab on the first notebook
	$(RUN) jupyter lab notebooks/01_rnn.ipynb

test: $(READY)  ## run everything: unit tests, every notebook strictly, hygiene, browser
	$(RUN) gatewise.authoring --check
	$(RUN) pytest

notebooks: $(READY)  ## execute every notebook in a fresh kernel and save it normalised
	$(RUN) gatewise.authoring

figures: $(READY)  ## make everything under figures/ again
	$(BIN)/python figures/make.py

bench: $(READY)  ## time our cells beside torch's (not part of test)
	$(BIN)/python benchmarks/cells.py

sweep: $(READY)  ## every notebook, strictly, as if on other processors (half an hour)
	$(BIN)/python tests/sweep.py

mutants: $(READY)  ## change each line of cells, check and text: does a test notice? (half an hour)
	$(RUN) pip install --quiet mutmut==3.8.1
	$(RUN) mutmut run --max-children 2
	$(RUN) mutmut results

links: $(READY)  ## write the address in pyproject.toml into badges and set-up cells
	$(RUN) gatewise.authoring --links

lint: $(READY)  ## ruff, on code and tests
	$(RUN) ruff check .
	$(RUN) ruff format --check .
