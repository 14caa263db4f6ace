# make PYTHON=/path/to/python3.12     use this Python instead of the newest one found
# make WHEELHOUSE=/path/to/wheels     install from this folder alone, without internet
# what make chaos tries: runs that are disturbed, and spoilt inputs
KILLS ?= 50
DISKS ?= 10
FOLDERS ?= 4
OUTPUTS ?= 12
CLOCKS ?= 9
SLOW ?= 4
MUTATIONS ?= 1000
.PHONY: help demo test bench chaos validation docs lint lock audit audit-refresh sbom names clean
.DEFAULT_GOAL := help
# files of tests that run at a time
JOBS ?= 2
# of what make validation simulates: another number, other exomes and variants
SEED ?= 5200
UV ?= uv
PIN = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
export PYTHON WHEELHOUSE

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: ## simulate a small trial, run it, write its report
	@.ci/environment run
	.venv/bin/storiform demo

test: ## run the whole test suite (STORIFORM_REAL_DATA=dir adds the real data)
	@.ci/environment dev
	.venv/bin/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

bench: ## measure speed and memory, into tests/benchmarks/records.tsv
	@.ci/environment dev
	.venv/bin/python tests/benchmarks/record.py

chaos: ## disturb runs and spoil inputs, into docs/reliability.md
	@.ci/environment dev
	.venv/bin/python tests/chaos/chaos.py --seed $(SEED) --kills $(KILLS) --disks $(DISKS) \
	  --folders $(FOLDERS) --outputs $(OUTPUTS) --clocks $(CLOCKS) --slow $(SLOW) \
	  --mutations $(MUTATIONS) --page docs/reliability.md

validation: ## agreement with R, with peers and with planted truth, test by test
	@.ci/environment dev
	.venv/bin/python -m pytest tests/golden tests/property tests/end_to_end -v --durations=10
	.venv/bin/python tests/benchmarks/validate_consequences.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_copy_number.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_hla_typing.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_hla_loss.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_fusions.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_log_rank.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_statistics.py --seed $(SEED)
	.venv/bin/python tests/benchmarks/validate_immune_classes.py --seed $(SEED)

docs: ## build the pages into site/
	@.ci/environment docs
	.venv/bin/python docs/generate_reference.py
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

lint: ## style, types and floors, as the gate checks them
	@.ci/environment dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

lock: ## pin all requirements again after a change of pyproject.toml (needs uv)
	$(PIN) --group build -o containers/requirements.lock pyproject.toml
	$(PIN) --group build --group dev -c containers/requirements.lock \
	  -o containers/requirements-dev.lock pyproject.toml
	$(PIN) --group build --group docs -c containers/requirements-dev.lock \
	  -o containers/requirements-docs.lock pyproject.toml
	$(PIN) --group lint -o containers/requirements-lint.lock

audit: ## compare the locked packages with known vulnerabilities, without a network
	@.ci/environment dev
	.venv/bin/python containers/audit.py

audit-refresh: ## ask PyPI for the vulnerabilities of all locked packages
	@.ci/environment dev
	.venv/bin/python containers/audit.py --refresh

sbom: ## write what the package is made of (CycloneDX) into dist/sbom.json
	@.ci/environment run
	.venv/bin/python containers/sbom.py dist/sbom.json

names: ## accept the public names as they are now
	@.ci/environment dev
	.venv/bin/python tests/public_names.py

clean: ## remove what the targets above made, except .venv
	rm -rf dist site demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find pipeline workflows tests -name __pycache__ -type d -prune -exec rm -rf {} +
