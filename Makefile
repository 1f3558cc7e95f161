# Everything runs from .venv, which the first target that needs it makes.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ESTATE := fixtures/estates/contoso

.DEFAULT_GOAL := help
.PHONY: help scan live-demo test check docs bench clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

scan: $(READY) ## scan the bundled estate; reports go to build/scan
	@rm -rf build/scan && mkdir -p build/scan
	@$(BIN)/azmlscan scan $(ESTATE) --config $(ESTATE)/azmlscan.yaml \
	  -o build/scan/report.md -o build/scan/result.json -o build/scan/results.sarif \
	  --evidence build/scan/evidence \
	  || { code=$$?; test $$code -eq 10 || exit $$code; }
	@echo "Reports are in build/scan. This estate has findings on purpose (exit code 10)."

live-demo: $(READY) ## collect the bundled estate from a local emulator of Azure and scan it; see build/live-demo
	@$(BIN)/python -m fixtures.emulator.demo $(ESTATE) build/live-demo

test: check ## check everything: style, types, layers, schemas, then the tests with coverage
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

check: $(READY) ## style, types, layers, schemas and spelling, without the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --check-metaschema scanner/schemas/*.schema.json
	find rules -name '*.yaml' -not -path '*/controls/*' -exec $(BIN)/check-jsonschema \
	  --schemafile scanner/schemas/rule.schema.json {} +
	$(BIN)/check-jsonschema --schemafile scanner/schemas/controls.schema.json rules/controls/*.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/typos

docs: $(READY) ## write the generated pages anew
	$(BIN)/azmlscan rules docs -o docs/rules.md
	$(BIN)/azmlscan inventory --fields -o docs/fields.md
	$(BIN)/azmlscan controls --docs -o docs/controls.md

bench: $(READY) ## measure, and compare with the budgets
	$(BIN)/python -m tests.benchmarks.run
	$(BIN)/python -m tests.benchmarks.access

clean: ## remove everything that the other targets made
	rm -rf .venv build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "azmlscan needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  test "$$(id -u)" -eq 0 && command -v apt-get >/dev/null && \
	  { apt-get -qq update; apt-get -qq install -y --no-install-recommends python3-venv; } >/dev/null 2>&1; \
	  $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; } || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
