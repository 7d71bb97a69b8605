# The figures of docs/bench.md, measured on this machine. `make bench QUICK=1` only shows that all of it runs.
.PHONY: bench bench-programs

BENCH_NPM := tests/bench/node_modules/.installed

$(BENCH_NPM): tests/bench/package.json tests/bench/package-lock.json tests/bench/.npmrc
	cd tests/bench && $(NODE_ENV_PATH) npm ci --ignore-scripts --silent
	@touch $@

BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(wildcard tests/bench/*.c))

$(OUT)/bench/%: $(OUT)/obj/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

bench-programs: $(BENCH_PROGRAMS)

bench:
	@scripts/install build run bench
	@$(PARTS) build bench-programs $(BENCH_NPM)
	@$(NODE_ENV_PATH) node tests/bench/bench.mjs
