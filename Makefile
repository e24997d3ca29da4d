# Every command of the project; `make help` lists them.
# Nothing needs activating: each target sets up what it needs first.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.likewise-setup
WORLD ?=
SERVE ?= 1

# Settings of .env, where there is one; the environment wins.
ifneq (,$(wildcard .env))
$(foreach name,$(shell sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' .env),\
  $(eval $(name) ?= $$(shell sed -n 's/^$(name)=//p' .env))$(eval export $(name)))
endif

# LIKEWISE_DATA, else data/, else data/<name of WORLD>/: two worlds never mix.
LIKEWISE_DATA ?= data$(if $(WORLD),/$(notdir $(patsubst %/,%,$(WORLD))))
export LIKEWISE_DATA

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint format serve dagster sql doctor openapi bench bench-quality bench-serving screenshots validate torture lock clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{printf "make %-13s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv from the lock, find or install Chromium

$(STAMP): requirements.lock pyproject.toml .ci/setup
	@.ci/setup $(VENV)
	@touch $@

demo: setup ## crawl the stand-in, learn, publish, serve (SERVE=0: stop there; WORLD=folder)
	@$(BIN)/python -m pipeline.demo $(if $(WORLD),--world $(WORLD)) $(if $(filter 0,$(SERVE)),--no-serve)

test: setup ## every test, the end-to-end run included
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

check: test lint ## the one definition of green

lint: setup ## format, lint, types, rules of import
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	MYPYPATH=docs/examples $(BIN)/mypy --strict docs/examples/*.py
	$(BIN)/lint-imports

format: setup ## mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

serve: setup ## answer from the published snapshots: JSON API and its docs
	@$(BIN)/python -m serving

dagster: setup ## the Dagster UI, with a stand-in to crawl unless a site is set
	@$(BIN)/python -m pipeline.ui

sql: setup ## a read-only DuckDB shell on the current snapshot (SITE=name)
	@$(BIN)/python -m pipeline sql $(if $(SITE),--site $(SITE))

openapi: setup ## write the OpenAPI document anew, docs/openapi.json
	$(BIN)/python -m serving openapi > docs/openapi.json

doctor: ## what is missing on this machine and how to get it
	@python3 .ci/doctor.py

bench: setup ## measure; figures go to docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks

bench-quality: setup ## measure the models against published ones (ARGS="--only gowalla --budget-s 120")
	$(BIN)/python -m tests.benchmarks.quality $(ARGS)

bench-serving: setup ## measure the service: wrk, hey and h2load (ARGS="--only rates,search")
	$(BIN)/python -m tests.benchmarks.serving $(ARGS)

torture: setup ## break crawls in every way; tables go to docs/torture.md (two hours)
	$(BIN)/python -m tests.torture

screenshots: setup ## pictures of the website's main pages, docs/images/website/
	$(BIN)/python -m tests.screenshots

validate: setup ## the website's pages by the Nu checker (needs java; VNU_JAR=path of vnu.jar)
	$(BIN)/python -m tests.end_to_end.website.validating

lock: setup ## resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --generate-hashes \
	  --no-strip-extras --no-annotate --no-header --quiet --output-file requirements.lock

clean: ## remove .venv and caches; data stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
