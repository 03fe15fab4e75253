# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Another interpreter is another environment: PYTHON, where it is given, is what is in it.
GIVEN := $(if $(filter-out file default undefined,$(origin PYTHON)),$(shell $(PYTHON) -c 'import sys; print(*sys.version_info[:3], sep=".")' 2>/dev/null || echo none))
READY := $(VENV)/.ready
STALE := $(if $(GIVEN),$(if $(filter $(GIVEN),$(shell $(BIN)/python -c 'import sys; print(*sys.version_info[:3], sep=".")' 2>/dev/null)),,other-python))

# make bench SUITE=quick SERVERS="asyncio uvloop" CONNECTIONS="1 50" PAYLOAD=1024 DURATION=2 TRIALS=3 OUT=results/mine
FLAGS := $(if $(SUITE),--suite "$(SUITE)") $(if $(WORKLOADS),--workloads "$(WORKLOADS)") \
  $(if $(SERVERS),--servers "$(SERVERS)") $(if $(CONNECTIONS),--connections "$(CONNECTIONS)") \
  $(if $(PAYLOAD),--payload "$(PAYLOAD)") $(if $(DURATION),--duration "$(DURATION)") \
  $(if $(REQUESTS_PER_CONNECTION),--requests-per-connection "$(REQUESTS_PER_CONNECTION)") \
  $(if $(WORK),--work "$(WORK)") \
  $(if $(WARMUP),--warmup "$(WARMUP)") $(if $(TRIALS),--trials "$(TRIALS)") \
  $(if $(SEED),--seed "$(SEED)") $(if $(OUT),--out "$(OUT)") $(ARGS)

.DEFAULT_GOAL := help

.PHONY: help setup bench capacity ab report list check demo docs test test-pythons lint types microbench proof simulate torture fuzz new-server native frameworks reference wheel lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14
	@echo 'variables of bench: SUITE WORKLOADS SERVERS CONNECTIONS PAYLOAD REQUESTS_PER_CONNECTION'
	@echo '                    WORK DURATION WARMUP TRIALS SEED OUT, and ARGS for any other flag'

setup: $(READY) ## create .venv from the lock file

.PHONY: other-python
other-python:

$(READY): requirements.lock pyproject.toml $(STALE)
	@[ "$$(uname -s)" = Linux ] || { echo "error: this harness needs Linux (epoll, /proc); here is $$(uname -s)" >&2; exit 2; }
	@command -v "$(firstword $(PYTHON))" >/dev/null || { echo "error: there is no $(PYTHON); choose one with make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or later is needed; choose one with make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(if $(STALE),--clear )$(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

bench: $(READY) native ## measure a suite and write its report
	@$(BIN)/python -m bench run $(FLAGS)

capacity: $(READY) native ## find the load that each server carries within SLO (default 'p99 < 5ms')
	@$(BIN)/python -m bench capacity --slo "$(or $(SLO),p99 < 5ms)" $(FLAGS)

ab: $(READY) native ## measure server B beside A, the baseline, until it is decided
	@$(BIN)/python -m bench ab $(if $(A),"$(A)") $(if $(B),"$(B)") $(FLAGS)

report: $(READY) ## rebuild the report of RUN (default results/latest) from its files
	@$(BIN)/python -m bench report $(RUN)

list: $(READY) ## list the servers and suites
	@$(BIN)/python -m bench list

check: $(READY) ## hold SERVER to the contract of an echo server
	@$(BIN)/python -m bench check $(SERVER)

demo: $(READY) ## show models A and B beside each other, live, for a classroom
	@$(BIN)/python -m bench demo $(if $(A),"$(A)") $(if $(B),"$(B)") $(ARGS)

docs: $(READY) ## write anew what docs/ has from types, limits and the published runs
	@$(BIN)/python -m tests.support.formats > docs/file-formats.md
	@$(BIN)/python -m bench explain --markdown > docs/limits.md
	@$(BIN)/python -m tests.support.model_pages
	@$(BIN)/python -m tests.support.front

new-server: $(READY) ## write servers/stream/NAME.py, a working server to start from
	@$(BIN)/python -m bench new-server $(NAME)

native: servers/native/echo loadgen/native/witness ## build the echo server and the witness, both in C

servers/native/echo loadgen/native/witness: %: %.c
	@if command -v cc >/dev/null; then cc -O2 -Wall -o $@ $< -lm; else echo "no C compiler: going without $(notdir $@)"; fi

frameworks: $(READY) ## install gevent, trio, anyio, twisted and tornado, for the servers that use them
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-frameworks.lock

# Measured in a quiet hour: a run whose own verdicts call it noisy is refused, and what stands stays;
# the others go on. PUBLISH=--anyway overrides that.
reference: QUIET := results/quiet-$(shell date +%Y%m%d-%H%M%S)
reference: $(READY) native frameworks ## measure the published runs in results/reference (an hour and a half)
	@$(BIN)/python -m bench run --trials 10 --out $(QUIET)/default
	-@$(BIN)/python -m bench publish $(PUBLISH) $(QUIET)/default results/reference
	@$(BIN)/python -m bench run --trials 10 --servers "*,native" --workloads kept --connections 50 \
	  --aa selectors-default --out $(QUIET)/catalogue
	-@$(BIN)/python -m bench publish $(PUBLISH) $(QUIET)/catalogue results/reference/catalogue
	@$(BIN)/python -m bench run --suite work --trials 10 --out $(QUIET)/work
	-@$(BIN)/python -m bench publish $(PUBLISH) $(QUIET)/work results/reference/work
	@$(BIN)/python -m bench run --suite work --workloads kept --trials 10 --out $(QUIET)/crossover \
	  --work none,spin:10us,spin:30us,spin:100us,spin:300us,spin:1ms \
	  --servers "thread-per-client selectors-default asyncio-streams asyncio-protocol uvloop-protocol asyncio-to-thread asyncio-process-pool process-pool"
	-@$(BIN)/python -m bench publish $(PUBLISH) $(QUIET)/crossover results/reference/crossover
	@$(MAKE) docs

# What computes runs on all CPUs; what starts servers and judges them has the machine to itself.
COMPUTING := $(addprefix tests/,analysis base capacity command_line comparing history page pairs plan proving report simulation store teaching verdicts)

ALONE := $(BIN)/python -m pytest $(addprefix --ignore=,$(COMPUTING) tests/pythons)
# Where a machine has so many seconds only, those of more than ten seconds are left out if the others
# have used them up: SLOW_WITHIN_S=1080.
BEGAN := $(VENV)/.tests-began

test: $(READY) ## run the tests
	@date +%s > $(BEGAN)
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 $(COMPUTING)
	@$(ALONE) -m "not slow"
	@if [ -n "$(SLOW_WITHIN_S)" ] && [ $$(($$(date +%s) - $$(cat $(BEGAN)))) -gt "$(SLOW_WITHIN_S)" ]; then \
	  echo "slow tests left out: the others took more than $(SLOW_WITHIN_S) s"; else $(ALONE) -m slow; fi

test-pythons: $(READY) ## hold all servers to the contract under every Python here (of PYTHONS, pyenv, PATH)
	@$(BIN)/python -m pytest tests/pythons

lint: $(READY) ## ruff: format and lint
	@$(BIN)/python -m ruff format --check . && $(BIN)/python -m ruff check .

types: $(READY) ## mypy, strict
	@$(BIN)/python -m mypy

microbench: $(READY) native ## ratios beside clients in C, and a round trip per server (ARGS="-k churn": a part)
	@$(BIN)/python -m pytest tests/perf --override-ini addopts=-q \
	  --benchmark-columns=median,iqr,rounds --benchmark-sort=name $(ARGS)

proof: $(READY) native ## measure how often a comparison is wrong: A/A, and 5 % more CPU (half an hour)
	@$(BIN)/python -m tests.proof $(RUN)

simulate: $(READY) ## put made runs of known truth through the statistics, and print the table (10 minutes)
	@$(BIN)/python -m tests.simulation

fuzz: $(READY) ## put two thousand made command lines through both programs (a minute)
	@$(BIN)/python -m tests.torture.fuzz

torture: $(READY) native ## do to the harness what could harm it, thousands of times, and print a table (an hour)
	@$(BIN)/python -m tests.torture

wheel: $(READY) ## build the wheel into dist/
	@$(BIN)/python -m hatchling build -t wheel -d dist

lock: $(READY) ## renew requirements.lock
	@$(BIN)/python -m uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --quiet --group dev pyproject.toml --output-file requirements.lock
	@$(BIN)/python -m uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --quiet --extra frameworks --group dev \
	  --constraints requirements.lock pyproject.toml --output-file requirements-frameworks.lock

clean: ## remove .venv and caches; results stay
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .benchmarks
