# Every target sets up .venv by itself. PYTHON=… picks the interpreter, ARGS=… reaches the tool behind a target.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast faults bench images test-containers test-platform test-machine serve screenshots test-kubeflow servers check format lock clean

BIN := .venv/bin
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
# One thread a process: the tests already use every core, and threads that wait for each other are slower than one.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# Only `make test-kubeflow` starts runs on somebody's Kubeflow. Bytecode of tests is kept: making it takes each process
# 5 s. Files are begun in the order of conftest.py, the costly ones first.
PYTEST := env -u KFP_ENDPOINT -u PYTHONDONTWRITEBYTECODE $(ONE_THREAD) $(BIN)/python -m pytest \
  --numprocesses=auto --maxprocesses=8 --dist=loadfile --no-loadscope-reorder
export PYTHON

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with the locked dependencies and the project; afterwards .venv/bin/wafer is there
	@bash .ci/setup

demo: setup ## train and predict on synthetic batches, or on DATA=dir with training/ and prediction/ below it
	@bash .ci/demo $(DATA)

test: setup ## run every test this machine can run (ARGS="wafer -k storage" for a part)
	-@$(BIN)/python -m tests.servers --build
	@$(PYTEST) -m "not (containers or platform or machine)" $(ARGS)

test-fast: setup ## the tests that need no server, browser or container and take no time (ARGS=clustering for a part)
	@$(PYTEST) --numprocesses=logical -m "not (server or browser or containers or platform or machine or slow)" $(ARGS)

faults: setup ## break every part on purpose and print what came of it (ARGS=tests/faults/test_kills.py for a part)
	-@$(BIN)/python -m tests.servers --build
	@$(BIN)/python -m tests.faults $(ARGS)

images: setup ## the image of every stage and of the application, with podman (ARGS="clustering model_training" for some)
	@bash .ci/images $(ARGS)

test-containers: setup ## the images, and both DAGs with every stage in its own (after make images)
	@$(BIN)/python -m pytest -m containers $(ARGS)

test-platform: setup ## gitops/ on a real Kubernetes API server, and Argo CD syncing it (the first build: 20 minutes of CPU)
	@$(BIN)/python -m tests.servers --platform
	@$(BIN)/python -m tests.servers --build
	@$(BIN)/python -m tests.platform.kinds
	@WAFER_REQUIRE=all unshare --map-root-user --net sh -c 'ip link set lo up && exec "$$0" "$$@"' \
	  $(BIN)/python -m pytest -m platform tests/platform $(ARGS)

test-machine: setup ## the script of Jenkins' machine in a Debian root with port 443 alone (as root; 600 MB of packages)
	@WAFER_REQUIRE=all $(BIN)/python -m pytest -m machine tests/machine $(ARGS)

bench: setup ## speed and quality tables into docs/benchmarks.md (ARGS="quality --quick" for a part)
	@$(BIN)/python -m benchmarks $(ARGS)

serve: setup ## the application on 127.0.0.1:8000 (ARGS="--port 8001")
	@$(BIN)/wafer serve $(ARGS)

screenshots: setup ## the pictures in docs/screenshots, from synthetic batches and an installed Chromium
	@$(BIN)/python -m application.tests.screenshots

test-kubeflow: setup ## both DAGs on the Kubeflow at KFP_ENDPOINT (docs/operations.md says what it needs); else on a recorded one
	@$(BIN)/python -m pytest tests/kubeflow $(ARGS)

servers: setup ## S3, MongoDB, MLflow and toxiproxy on 127.0.0.1, with the environment to export
	@$(BIN)/python -m tests.servers

check: setup ## formatting, lint, types, import rules, dead code, dependencies, security, manifests, workflows, audit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry .
	$(BIN)/bandit --configfile pyproject.toml --quiet --severity-level medium --recursive $(PACKAGES)
	$(BIN)/python -m tools.gitops check
	$(BIN)/python -m pytest tests/test_repository.py tests/test_platform.py \
	  tests/terraform/test_sources.py::test_checkov_finds_nothing_that_is_not_explained
	bash .ci/audit

format: setup ## rewrite the sources as `make check` wants them
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: setup ## write requirements.lock and locks/ after a change of dependencies (UPGRADE=1 takes newer versions)
	$(BIN)/python .ci/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove .venv, caches and the local state .wafer
	rm -rf .venv .wafer .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
