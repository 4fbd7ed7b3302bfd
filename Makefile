# Everything here needs only Go, a C compiler and make.
GO      ?= go
BIN     := bin/chimera
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Pinned: a check that changes by itself is no check.
GOLANGCI    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

SAMPLE ?= sample
LAKE   ?= lake
# documents of the sample; 0: all there are
DOCS   ?= 0

.DEFAULT_GOAL := help
.PHONY: help build run test race nocgo bench bench-long bench-compute cuda ptx sanitize lint fmt vet fuzz readers notebooks vuln ci clean $(BIN)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(BIN) ## bin/chimera

$(BIN):
	@mkdir -p bin
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN) .

run: $(BIN) ## a sample lake and one whole night on it
	@test -d $(SAMPLE) || $(BIN) sample text --out $(SAMPLE) --docs $(DOCS) --seed 1
	$(BIN) nightly --lake $(LAKE) --input $(SAMPLE) --source godoc --profile technical
	@echo '--- the same night again:'
	$(BIN) nightly --lake $(LAKE) --input $(SAMPLE) --source godoc --profile technical
	@echo
	@echo 'report:  $(LAKE)/report/index.html'
	@echo 'tables:  $(BIN) lake ls --lake $(LAKE)'

test: ## all tests
	$(GO) test $(TESTFLAGS) ./...

# Of the lake, what more than one goroutine does; its crash tests are many single ones.
LAKE_RACES := TwoNights|Busy|Wait|TakeOver|Revived|RollForwardRace|CommitTwice|VerifyProgress|CancelledCommit

race: ## tests of the concurrent packages under the race detector
	$(GO) test -race ./datasets/store/... ./transforms/lakeio/... ./pipelines/command/... ./pipelines/progress/...
	$(GO) test -race -run '$(LAKE_RACES)' ./datasets/lake
	$(GO) test -race -short -skip '^TestPlugins|^Test(Long|TextQ|PermutationQ)' ./compute
	$(GO) test -race -short ./compute/safetensors ./compute/checkpoint
	$(GO) test -race -short -run 'Resume|CacheEquals' ./compute/nn

cuda: ## bin/libchimera_cuda.so, the plugin for NVIDIA devices; needs nvcc or clang, no GPU
	@mkdir -p bin
	$(MAKE) -C compute/cuda cuda OUT=$(abspath bin)

ptx: ## the CUDA kernels to PTX by clang, as a check
	$(MAKE) -s -C compute/cuda ptx

# The kernels of the device run on the host under the address and undefined
# behaviour sanitizers, and so does the plugin around them, and the CPU's kernels
# of every level. A read or write outside a slice meets guarded pages besides.
SANITIZED := ^Test(Emulation|Device|Memory|Handles|Refused|Index|OutOfMemory|Dead|Cancel|NoDevice|RefusedPlugins)$$
SANITIZERS := ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
sanitize: ## the kernels and the emulated CUDA plugin under the sanitizers
	$(SANITIZERS) $(GO) test -asan -short -run '$(SANITIZED)' ./compute/internal/cuda
	$(SANITIZERS) $(GO) test -asan -short -run '^Test(Conformance|Attend|AttendIsCausal|Decode)$$' ./compute/internal/cpu

nocgo: ## build and test without a C compiler
	CGO_ENABLED=0 $(GO) build -o /dev/null .
	CGO_ENABLED=0 $(GO) test ./compute/... ./transforms/...

bench: $(BIN) ## how fast this machine runs each hot path; writes docs/benchmarks.md
	$(GO) run ./infra/bench cases startup

bench-long: $(BIN) ## memory by size of input and the cost of 30 nights; needs 15 GB and an hour
	$(GO) run ./infra/bench memory
	$(GO) run ./infra/bench nights

bench-compute: $(BIN) ## compute beside PyTorch and OpenBLAS; writes docs/compute-benchmarks.md
	$(GO) run ./infra/bench -doc docs/compute-benchmarks.md compute

lint: ## golangci-lint, pinned
	$(GO) run $(GOLANGCI) run ./...

fmt: ## format
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

vet:
	$(GO) vet ./...

FUZZTIME ?= 30s
fuzz: ## each fuzz target for FUZZTIME
	@for f in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
			echo "$$(dirname $$f) $$t"; $(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) || exit 1; \
		done; done

readers: $(BIN) ## what DuckDB and pyiceberg read from a lake of ours
	infra/readers/check.sh $(abspath $(BIN))

notebooks: $(BIN) ## execute the notebooks
	infra/readers/notebooks.sh $(abspath $(BIN))

vuln: ## known vulnerabilities of what we link
	$(GO) run $(GOVULNCHECK) ./...

ci: ## what a change must pass
	bash .ci/run

clean:
	rm -rf bin $(SAMPLE) $(LAKE)
