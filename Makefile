# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON = $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$name" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
NOX = .venv/bin/nox
THIS_PYTHON = $(shell .venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

.PHONY: help test nightly demo picture lint sanity unit contract integration faults molecule importer docs docs-look cores clients bench release pins clean

help: ## Say what there is
	@sed -nE 's/^([a-z -]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 36

# The checks need one core for most of their time, and the tests leave some of two. What the checks say comes last.
test: $(NOX) ## Run everything: this is what CI runs
	@mkdir -p .dev
	@$(NOX) --session lint sanity importer docs >.dev/checks.log 2>&1 & checks=$$!; \
	trap 'kill $$checks' INT TERM; \
	$(NOX) --session tests; tests=$$?; \
	wait $$checks; checks=$$?; \
	cat .dev/checks.log; \
	test $$tests -eq 0 && test $$checks -eq 0

nightly: $(NOX) ## Try all of what the tests try a sample of
	$(NOX) --session nightly

demo: $(NOX) ## Move disks between two tenants of an emulated cloud
	@$(NOX) --session demo

picture: $(NOX) ## Draw docs/demo.svg, which the README shows, of what the demo shows
	$(NOX) --session demo -- picture

lint: $(NOX) ## Check style, types, licences, changelog and documentation
	$(NOX) --session lint

sanity: $(NOX) ## Run ansible-test sanity
	$(NOX) --session sanity

unit contract integration faults: $(NOX) ## Run that layer of the tests, on one Python
	$(NOX) --session tests-$(THIS_PYTHON) -- tests/$@

molecule: $(NOX) ## Run the scenarios of extensions/molecule
	$(NOX) --session molecule -- test --all

importer: $(NOX) ## Build the collection and check it as Galaxy does
	$(NOX) --session importer

cores: $(NOX) ## Try each ansible-core from the oldest to devel
	$(NOX) --session cores

release: $(NOX) ## Rehearse a release: check, build, install and use
	$(NOX) --session release

docs: $(NOX) ## Make the docs site, in .dev/docs/site
	$(NOX) --session docs

docs-look: docs ## Look at the docs site in a browser, and renew docs/report.png
	$(NOX) --session docs-look

clients: $(NOX) ## Let the vendor's SDKs and Tempest talk to the emulator
	$(NOX) --session clients

bench: $(NOX) ## Time the collection beside its floor and its peers
	$(NOX) --session bench

pins: $(NOX) ## Move tests/requirements/*.txt to the newest releases
	$(NOX) --session pins

clean: ## Remove all that was made
	rm -rf .dev .nox .venv .hypothesis .mypy_cache .ruff_cache

$(NOX): tests/requirements/nox.txt
	@test -n "$(PYTHON)" || { echo "Needs Python 3.11 or later with venv (Debian: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements/nox.txt
	@touch $(NOX)
