SHELL := /bin/bash
PY := .venv/bin/python
MEMBERS := shared services/orders services/vendors services/licenses services/usage services/desk
STAMP := .venv/.set-up

.PHONY: help setup up journey test bench fuzz lock lint

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | column -t -s "$$(printf '\t')"

setup: $(STAMP) ## Make .venv from the lock (a second run does nothing)

$(STAMP): requirements.lock deploy/bootstrap.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@command -v python3 >/dev/null || { echo "Python 3.11 or newer is needed: install python3 and run again." >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; python3 is $$(python3 -V)." >&2; exit 1; }
	@test -x $(PY) || python3 -m venv .venv
	@.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r deploy/bootstrap.lock
	@.venv/bin/uv pip sync -q --require-hashes requirements.lock
	@.venv/bin/uv pip install -q --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $@

up: setup ## Start Quire in one process and print a sign-in link (port QUIRE_PORT, data in QUIRE_DATA_DIR)
	@exec .venv/bin/quire up

journey: setup ## The main job on a vendor's real invoice, told step by step, on a throw-away instance
	@$(PY) -m tests.e2e.tell

lock: ## Renew requirements.lock from the pyproject files
	.venv/bin/uv pip compile pyproject.toml --group dev --generate-hashes -q --no-header -o requirements.lock \
		$(foreach m,$(MEMBERS),--no-emit-package quire-$(notdir $(m)))

lint: setup ## Style, types and boundaries
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy shared services tests
	.venv/bin/lint-imports

test: setup ## Lint, then the whole suite on real PostgreSQL and Kafka
	@$(PY) -m quire_shared.testing.kafka || test -z "$$CI"
	@$(MAKE) --no-print-directory lint
	@$(PY) -m pytest -q

fuzz: setup ## Feed a reader damaged input: make fuzz NAME=edi N=1000
	@test -f "tests/fuzz/$(NAME).py" || { echo "Name what to fuzz, for example NAME=edi; there are: $(sort $(basename $(notdir $(wildcard tests/fuzz/[a-z]*.py))))" >&2; exit 2; }
	@$(PY) tests/fuzz/$(NAME).py $(or $(N),1000)

bench: setup ## Benchmarks, as ratios in one run: all, or make bench NAME=ledger; writes build/bench
	@mkdir -p build/bench
	@files="$(if $(NAME),tests/perf/bench_$(NAME).py,$(wildcard tests/perf/bench_*.py))"; \
	for file in $$files; do $(PY) $$file || exit 1; done

chaos: setup ## Kill and freeze everything under load and compare the sums: make chaos KILLS=30
	@$(PY) tests/chaos/run.py $(or $(KILLS),30)
