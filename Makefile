# Every target that a user or developer calls has a line behind "##"; `make help` prints those lines.

SHELL      := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  := -X main.version=$(VERSION)

# What the test targets pass to `go test` and to tests/report.
PACKAGES    ?= ./...
TESTFLAGS   ?=
REPORTFLAGS ?=
FUZZTIME    ?= 30s
BENCH       ?= .
SOAK        ?= 10m
ORACLE      ?= 10000000

# What `make bench` passes on; go run ./tests/bench -help says what there is.
BENCHFLAGS = $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(SECONDS),-seconds $(SECONDS)) $(if $(SUBJECTS),-subjects '$(SUBJECTS)') \
	$(if $(METRICS),-metrics '$(METRICS)') $(if $(REF),-ref $(REF)) $(if $(JSON),-json $(JSON))

# The benchmarks with a baseline: those of what a packet or a flow passes.
BASELINE     := tests/bench/baseline.txt
BASEPACKAGES := ./packet/... ./flow/... ./datapath/... ./openflow/... ./ofproto/... ./ports/vnet
BASETIME     ?= 0.3s
BASERUN       = $(GO) test -run '^$$' -bench $(1) -benchmem -count 6 -benchtime $(BASETIME) $(TESTFLAGS) $(2)
BENCHSTAT    := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# The binaries are static; only the race detector needs cgo.
export CGO_ENABLED := 0

.PHONY: help build demo test bench microbench benchbase benchcmp bench-attack fuzz oracle soak check race cover install clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## static bin/vswitchd and bin/ofctl
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/vswitchd ./vswitchd
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ofctl ./ofctl

demo: build ## the switch on real traffic, in namespaces of its own (root)
	scripts/demo.sh

test: ## all tests; as root installs what the system tests need
	scripts/test.sh

bench: build ## the switch beside others on this machine, into docs/performance.md (root; ROUNDS SECONDS SUBJECTS METRICS REF JSON)
	$(GO) run ./tests/bench -write $(BENCHFLAGS)

microbench: ## Go benchmarks (BENCH=regexp PACKAGES=./flow/...)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) $(PACKAGES)

benchbase: ## records Go benchmarks of the fast paths as the baseline of benchcmp
	$(call BASERUN,.,$(BASEPACKAGES)) > baseline.new
	mv baseline.new $(BASELINE)

benchcmp: ## the same benchmarks now, compared with the baseline (BENCH=regexp PACKAGES=./flow/...)
	$(GO) run $(BENCHSTAT) $(BASELINE) > /dev/null
	$(call BASERUN,'$(BENCH)',$(if $(filter-out ./...,$(PACKAGES)),$(PACKAGES),$(BASEPACKAGES))) > baseline.new
	awk 'NR == FNR { now[$$1] = 1; next } !/^Benchmark/ || $$1 in now' baseline.new $(BASELINE) > baseline.old
	$(GO) run $(BENCHSTAT) baseline=baseline.old now=baseline.new

bench-attack: ## what is left to others beside a sender who wants to harm them
	$(GO) test -run '^$$' -bench . -benchtime 1x $(TESTFLAGS) ./tests/attack

fuzz: ## every fuzz target for FUZZTIME (30s) each
	scripts/fuzz.sh $(FUZZTIME) $(PACKAGES)

oracle: ## random tables and packets against the naive reference, ORACLE (10000000) of them
	VSWITCH_ORACLE=$(ORACLE) $(GO) test -count=1 -v -timeout 0 -run '^TestOracle$$' $(TESTFLAGS) ./tests/oracle

soak: ## the TestSoak… tests, SOAK (10m) each
	VSWITCH_SOAK=$(SOAK) $(GO) test -json -timeout 0 -run '^TestSoak' $(TESTFLAGS) $(PACKAGES) \
		| $(GO) run ./tests/report -min 1 $(REPORTFLAGS)

check: ## gofmt, go vet, staticcheck, shell syntax, floors
	scripts/check.sh

race: ## all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -json $(TESTFLAGS) $(PACKAGES) | CGO_ENABLED=0 $(GO) run ./tests/report $(REPORTFLAGS)

cover: ## test coverage by package, in coverage.out
	$(GO) test -coverprofile=coverage.out $(TESTFLAGS) $(PACKAGES)

install: build ## binaries and the example to $(DESTDIR)$(PREFIX)
	install -D -m 755 bin/vswitchd $(DESTDIR)$(PREFIX)/sbin/vswitchd
	install -D -m 755 bin/ofctl $(DESTDIR)$(PREFIX)/bin/ofctl
	install -D -m 644 examples/switch.yaml $(DESTDIR)$(PREFIX)/share/doc/vswitch/examples/switch.yaml

clean: ## remove what the other targets made
	rm -rf bin coverage.out baseline.new baseline.old

export GO TESTFLAGS REPORTFLAGS PACKAGES
