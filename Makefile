# `make demo` and `make test` set up whatever they need; the work is done in dev/stack/.

PYTHON ?= python3
STACK = $(PYTHON) -m dev.stack

.DEFAULT_GOAL := help
.PHONY: help demo test lint stop clean pot bench screenshots dump python

help:
	@echo "make demo         Odoo with demo data on http://localhost:8069 (PORT=, SIMULATOR_PORT=)"
	@echo "make test         all tests on a fresh database (TAGS=/discom:TestX for some)"
	@echo "make lint         ruff, pylint-odoo, bandit, pip-audit, OCA checks, sudo(), XML, translations, named tests"
	@echo "make stop         stop what make demo started"
	@echo "make clean        stop it and remove its data"
	@echo "make screenshots  pictures of manual, README and reports, from the running demo (PORT=, SIMULATOR_PORT=, WORKBOOKS=1)"
	@echo "make pot          write i18n/discom.pot anew and merge it into the translations"
	@echo "make dump         keep the demo's database as that of this version, to update it ever after"
	@echo "make bench        measure (ROW=name SIZE=n for one row)"

demo: python
	@$(STACK) demo $(if $(PORT),--port=$(PORT)) $(if $(SIMULATOR_PORT),--simulator-port=$(SIMULATOR_PORT))

stop clean: python
	@$(STACK) $@

test: python
	@$(STACK) test $(if $(TAGS),--tags='$(TAGS)')

lint: python
	@$(STACK) lint

bench: python
	@$(STACK) run dev.bench $(if $(ROW),--row=$(ROW)) $(if $(SIZE),--size=$(SIZE))

# Of the demo, which has to be running.
screenshots: python
	@$(STACK) screenshots $(if $(PORT),--port=$(PORT)) $(if $(SIMULATOR_PORT),--simulator-port=$(SIMULATOR_PORT)) \
		$(if $(WORKBOOKS),--workbooks)

pot: python
	@$(STACK) pot

dump: python
	@$(STACK) dump

# Python itself is the one thing that Python cannot fetch.
python:
	@command -v $(PYTHON) >/dev/null || if [ "$$(id -u)" = 0 ] && [ "$(PYTHON)" = python3 ]; then \
		echo "Installing python3 with apt-get"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
			-o Dpkg::Use-Pty=0 python3 python3-venv >/dev/null; \
	else \
		echo "$(PYTHON) is missing. Install it and try again: sudo apt-get install python3 python3-venv" >&2; exit 1; \
	fi
