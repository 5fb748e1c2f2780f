# ser-etl: what one does with it. `make` alone lists the targets.
.DEFAULT_GOAL := help
CARGO ?= cargo
# The directory that cargo builds into, wherever the user or CI has put it.
TARGET = $(shell $(CARGO) metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
SER = $(TARGET)/release/ser
VENV = $(TARGET)/venv

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'

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

.PHONY: nights
nights: build ## Simulate thirty nights of a corpus that grows, in runs/nights
	SER=$(SER) examples/nights.sh

.PHONY: venv
venv: ## Make the Python environment of the examples (needs python3 with venv, and PyPI)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r examples/requirements.txt

SPARK_VENV = $(TARGET)/venv-spark
SAIL_VENV = $(TARGET)/venv-sail

.PHONY: venv-spark
venv-spark: ## Make the Python environments of the Spark and lakehouse tests (needs java 17, python3 with venv, and PyPI)
	java -version
	python3 -m venv $(SPARK_VENV)
	$(SPARK_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/spark/requirements.txt
	python3 -m venv $(SAIL_VENV)
	$(SAIL_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/spark/requirements-sail.txt

.PHONY: test-spark
test-spark: build venv-spark ## Test the Spark drivers, under Spark, Spark Connect and Sail
	SER=$(SER) SAIL=$(SAIL_VENV) PYTHONDONTWRITEBYTECODE=1 $(SPARK_VENV)/bin/python tests/spark/test_spark.py

AIRFLOW_VENV = $(TARGET)/venv-airflow

.PHONY: venv-airflow
venv-airflow: ## Make the Python environment of the Airflow tests (needs python3 with venv, and PyPI)
	python3 -m venv $(AIRFLOW_VENV)
	$(AIRFLOW_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/airflow/requirements.txt

.PHONY: test-airflow
test-airflow: build venv-airflow ## Test the Airflow operator and DAG under a real scheduler
	PYTHONDONTWRITEBYTECODE=1 $(AIRFLOW_VENV)/bin/python tests/airflow/test_operator.py
	SER=$(SER) WORK=$(TARGET) PYTHONDONTWRITEBYTECODE=1 $(AIRFLOW_VENV)/bin/python tests/airflow/test_dag.py

.PHONY: test-cron
test-cron: build ## Run the examples for cron and systemd (needs python3)
	SER=$(SER) PYTHONDONTWRITEBYTECODE=1 python3 tests/cron/test_cron.py

.PHONY: test-reproduce
test-reproduce: build ## Make a report again out of its records (needs python3)
	SER=$(SER) PYTHONDONTWRITEBYTECODE=1 python3 tests/reproduce/test_reproduce.py

.PHONY: test
test: ## Run every test (those of real corpora are ignored unless SER_SHARED names their folder)
	$(CARGO) test --release --locked

.PHONY: test-lakehouse
test-lakehouse: build venv-spark ## Read the Delta tables of a run by deltalake and Sail
	PYTHONDONTWRITEBYTECODE=1 $(SAIL_VENV)/bin/python tests/lakehouse/test_delta.py $(SER)

WHEEL_VENV = $(TARGET)/venv-wheel
TABLES_VENV = $(TARGET)/venv-tables
EMPTY_VENV = $(TARGET)/venv-empty
# Not `wheels`, where pip leaves what it builds.
WHEELS = $(TARGET)/wheel

.PHONY: venv-wheel
venv-wheel: ## Make the Python environments that pack and test the wheel (needs python3 with venv, and PyPI)
	python3 -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/pip install --quiet --disable-pip-version-check -r python/requirements.txt
	python3 -m venv $(TABLES_VENV)
	$(TABLES_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/wheel/requirements.txt

.PHONY: wheel
wheel: venv-wheel ## Pack the built programs into a wheel, linked once more, for glibc 2.28
	rm -rf $(WHEELS)
	PATH="$(WHEEL_VENV)/bin:$$PATH" maturin build --release --locked --compatibility manylinux_2_28 --out $(WHEELS) -- \
		-C linker=python/zig-cc

.PHONY: test-wheel
test-wheel: wheel ## Install the wheel, alone and beside Polars, and test what is there
	python3 -m venv --clear $(EMPTY_VENV)
	$(EMPTY_VENV)/bin/pip install --quiet --disable-pip-version-check --no-index $(WHEELS)/*.whl
	WHEEL=$$(echo $(WHEELS)/*.whl) PYTHONDONTWRITEBYTECODE=1 $(EMPTY_VENV)/bin/python tests/wheel/test_programs.py
	$(TABLES_VENV)/bin/pip uninstall --quiet --yes ser-etl
	$(TABLES_VENV)/bin/pip install --quiet --disable-pip-version-check --no-index "$$(echo $(WHEELS)/*.whl)[polars]"
	PYTHONDONTWRITEBYTECODE=1 $(TABLES_VENV)/bin/python tests/wheel/test_tables.py

.PHONY: release
release: test-wheel ## Make the wheel, a tarball, the image, checksums and a bill of materials (needs cargo-cyclonedx)
	.ci/release $(TARGET) $(WHEELS)/*.whl
LINEAGE_VENV = $(TARGET)/venv-lineage

.PHONY: venv-lineage
venv-lineage: ## Make the Python environment of the lineage tests (needs python3 with venv, and PyPI)
	python3 -m venv $(LINEAGE_VENV)
	$(LINEAGE_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/lineage/requirements.txt

.PHONY: test-lineage
test-lineage: build venv-lineage ## Read the events and the metrics file of a run by the clients of OpenLineage and Prometheus
	SER=$(SER) PYTHONDONTWRITEBYTECODE=1 $(LINEAGE_VENV)/bin/python tests/lineage/test_lineage.py

.PHONY: share
share: build ## Write shell completions and manual pages into share/ of the target folder
	mkdir -p $(TARGET)/share/bash-completion/completions $(TARGET)/share/zsh/site-functions
	mkdir -p $(TARGET)/share/fish/vendor_completions.d
	$(SER) completions bash > $(TARGET)/share/bash-completion/completions/ser
	$(SER) completions zsh > $(TARGET)/share/zsh/site-functions/_ser
	$(SER) completions fish > $(TARGET)/share/fish/vendor_completions.d/ser.fish
	$(SER) man $(TARGET)/share/man/man1

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

.PHONY: bench-scale
bench-scale: build ## Measure how the stages grow, up to a million rows (an hour, 10 GB of disk; needs python3 with venv, and PyPI)
	python3 -m venv $(TARGET)/venv-scale
	$(TARGET)/venv-scale/bin/pip install --quiet --disable-pip-version-check -r benches/scale/requirements.txt
	$(TARGET)/venv-scale/bin/python benches/scale/measure.py $(SER) $(TARGET)/scale.parquet --work $(TARGET)/scale
	$(TARGET)/venv-scale/bin/python benches/scale/draw.py $(TARGET)/scale.parquet docs

.PHONY: deny
deny: ## Check licences and advisories (needs cargo-deny and its database)
	$(CARGO) deny --locked check
