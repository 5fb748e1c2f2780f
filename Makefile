# ser-etl: what one does with it. `make` alone lists the targets.
.DEFAULT_GOAL := help
CARGO ?= cargo
# The directory that cargo builds into, wherever the user or CI has put it.
TARGET = $(shell $(CARGO) metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
SER = $(TARGET)/release/ser
VENV = $(TARGET)/venv

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: build
build: ## Build ser and the stage launchers
	$(CARGO) build --release --locked --bins

.PHONY: demo
demo: build ## Run the whole job on a synthetic corpus and say where the report is
	$(SER) synth runs/demo-corpus
	$(SER) run pipelines/demo.toml

.PHONY: examples
examples: explore-rust explore-python ## Explore the tables of the demo run with Polars, in Rust and in Python

.PHONY: explore-rust
explore-rust: demo
	$(CARGO) run --release --locked --example explore -- runs/demo

.PHONY: explore-python
explore-python: demo venv
	$(VENV)/bin/python examples/explore.py runs/demo

.PHONY: venv
venv: ## Make the Python environment of the examples (needs python3 with venv, and PyPI)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r examples/requirements.txt

.PHONY: test
test: ## Run every test (those of real corpora are ignored unless SER_SHARED names their folder)
	$(CARGO) test --release --locked

.PHONY: lint
lint: ## Check the format and run clippy with warnings denied
	$(CARGO) fmt --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings

.PHONY: schemas
schemas: build ## Write the published schemas anew
	$(SER) schema > schemas/pipeline.json
	$(SER) schema preset > schemas/preset.json
	for table in $$($(SER) schema tables | cut -d ' ' -f 1); do $(SER) schema $$table > schemas/$$table.json; done

.PHONY: bench
bench: ## Run the benchmarks
	$(CARGO) bench --profile release --locked

.PHONY: deny
deny: ## Check licences and advisories (needs cargo-deny and its database)
	$(CARGO) deny --locked check
