# Each target does one thing; `make demo` and `make test` set everything up from nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 3
# Some machines (container images above all) tell Python to keep no bytecode. Whoever starts a hundred short processes,
# as the tests and the demo do, would compile every module of ours in each of them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test sim sim-mutants sim-register fire fuzz oracles check format lint types imports bench snap pictures wheel clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "p2pcouncil needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## five peers decide something, over real libp2p on this machine
	$(BIN)/p2pcouncil demo

test: $(READY)  ## the whole suite
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

sim: $(READY)  ## societies from seeds, with every fault: SEED=…, RUNS=…, PEERS=…, FAULTS=…, WITHOUT=…
	$(BIN)/python -m tests.sim --seed "$(or $(SEED),1)" --runs "$(or $(RUNS),100)" --peers "$(or $(PEERS),0)" \
	  --faults "$(FAULTS)" --without "$(WITHOUT)"

sim-mutants: $(READY)  ## break rules on purpose, and see the simulator notice each
	$(BIN)/python -m tests.sim.mutants
	$(BIN)/python -m tests.sim.register.mutants

sim-register: $(READY)  ## registers from seeds, with liars and crashes: SEED=…, RUNS=…, ABOVE=…
	$(BIN)/python -m tests.sim.register --seed "$(or $(SEED),1)" --runs "$(or $(RUNS),100)" --above "$(or $(ABOVE),0)"

fire: $(READY)  ## five real peers under fire, five minutes or SECONDS=…, with SEED=…
	$(BIN)/python -m tests.e2e.fire --seconds "$(or $(SECONDS),300)" --seed "$(SEED)"

fuzz: $(READY)  ## fuzz what reads bytes of others (Linux): TARGET=peer RUNS=1000000, or SECONDS=… of each target
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/fuzz/requirements.txt
	$(BIN)/python -m tests.fuzz $(or $(TARGET),all) --runs $(or $(RUNS),100000) --seconds $(or $(SECONDS),0)

oracles:  ## hold every way of counting, and prices, against public libraries, live: RUNS=5000, SEED=…
	@test -x .venv-oracles/bin/python || $(PYTHON) -m venv .venv-oracles
	.venv-oracles/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/oracles/requirements.txt
	@rm -rf .venv-oracles/lib/python*/site-packages/tests  # pymrio brings its own, which would hide ours
	.venv-oracles/bin/python -m tests.oracles --runs "$(or $(RUNS),1000)" --seed "$(or $(SEED),1)"

check: $(READY) lint types imports test  ## format, lint, types, import contracts, tests

format: $(READY)  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

bench: $(READY)  ## measured ratios within one run
	$(BIN)/python -m tests.bench

snap: $(READY)  ## accept the current screens as the reference
	$(BIN)/python -m pytest tests/screens --snapshot-update

pictures: $(READY)  ## draw the README's pictures anew, from the real interface over real peers
	$(BIN)/python -m tests.screens.pictures

wheel: $(READY)  ## build the wheel
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) dist
