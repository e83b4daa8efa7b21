SHELL := /bin/bash
PY := .venv/bin/python
MEMBERS := shared services/orders services/vendors services/licenses services/usage services/desk
STAMP := .venv/.set-up

.PHONY: help setup up journey test chaos bench fuzz lock lint clean

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

lock: ## Renew requirements.lock from the pyproject files
	.venv/bin/uv pip compile pyproject.toml --group dev --generate-hashes -q --no-header -o requirements.lock \
		$(foreach m,$(MEMBERS),--no-emit-package quire-$(notdir $(m)))

lint: setup ## Style, types and boundaries
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy shared services tests
	.venv/bin/lint-imports
