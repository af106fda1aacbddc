# castbench: `make run` shows it, `make test` checks it. CARGO_TARGET_DIR is honoured.
SHELL := /bin/bash
# A toolchain that rustup has just installed is not on the PATH of a shell that was open before.
export PATH := $(PATH):$(HOME)/.cargo/bin

SCENARIO ?= fixtures/scenarios/mbms/file_clean.toml
ARGS ?=
# SOAPY=off builds without the SoapySDR library; SDR devices cannot be used then.
export SOAPY ?= on
FEATURES := $(if $(filter off,$(SOAPY)),--no-default-features)

.PHONY: help run test lint bench bench-core soak setup

help:
	@echo "make run     build, run $(SCENARIO), print the verdict and where the report is"
	@echo "             (another one: make run SCENARIO=FILE ARGS='--seed 2 --content FILE --out DIR')"
	@echo "make test    all tests"
	@echo "make lint    format, clippy, documentation, dependency direction, licences and advisories"
	@echo "make bench   benchmarks; make bench-core: the live core under load of sipp, beside kamailio"
	@echo "make soak    the long form of the tests: more kills, more random cases, whole sweeps"
	@echo "make setup   check the tools and install what is missing"
	@echo "             (SOAPY=off: without SDR devices and the library for them)"

run: setup
	cargo build --release --locked -p castbench $(FEATURES)
	@cargo run --quiet --release --locked -p castbench $(FEATURES) -- run $(SCENARIO) $(ARGS)

test: setup
	@.ci/setup tests
	@.ci/test $(FEATURES)

lint: setup
	@.ci/lint

bench: setup
	cargo bench --locked -p benches $(ARGS)

bench-core: setup
	@cargo build --release --locked --quiet -p castbench $(FEATURES)
	@.ci/bench-core

soak: setup
	@.ci/setup tests
	@cargo test --release --locked -p radio --test awgn -- --nocapture
	@for sweep in awgn ts36101_10_1_1 r39_1 ts36101_10_1_1_doppler; do \
	  cargo run --quiet --release --locked -p castbench $(FEATURES) -- sweep fixtures/sweeps/$$sweep.toml || exit 1; done
	@seed=$$(date +%s); echo "property tests: PROPTEST_RNG_SEED=$$seed"; PROPTEST_RNG_SEED=$$seed PROPTEST_CASES=20000 CASTBENCH_KILLS=2000 CASTBENCH_FUZZ_S=600 CASTBENCH_MESSAGES=100 CASTBENCH_CELLS=200 CASTBENCH_CLOCK_S=600 CASTBENCH_TEN_MODEMS_S=60 CASTBENCH_MATRIX=all .ci/test --release $(FEATURES)

setup:
	@.ci/setup build
