# Tests in C, the checked flavour, fuzzing, lint and format. The other suites stand in the .mk files of their parts.
.PHONY: test unit db api fuzz fuzz-replay fuzz-programs asan lint format tidy test-programs-unit test-programs-db \
	test-programs-api

CHECKED = $(MAKE) --no-print-directory $(JOBS) KIND=asan

# Installs what is missing, runs every suite, ends with `N passed, M failed`.
test:
	@scripts/test

asan:
	@$(CHECKED) build

# A test program is tests/SUITE/test_*.c; the other files there are shared by the programs of that suite, and tests/lib
# by those of the suites that need a database.
$(OUT)/obj/tests/%.o: CFLAGS += -Itests
test_lib_db := $(wildcard tests/lib/*.c)
test_lib_api := $(test_lib_db)
test_helpers = $(call objects,$(filter-out $(wildcard tests/$(1)/test_*.c),$(wildcard tests/$(1)/*.c)) $(test_lib_$(1)))
define suite
$(OUT)/tests/$(1)/%: $(OUT)/obj/tests/$(1)/%.o $(call test_helpers,$(1)) $(LIB)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) -lcmocka

test-programs-$(1): $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/$(1)/test_*.c))
endef
$(foreach name,unit db api,$(eval $(call suite,$(name))))
.PRECIOUS: $(OUT)/obj/%.o

unit:
	@$(CHECKED) test-programs-unit build/asan/konstruct-worker
	@scripts/lib/run-programs unit build/asan/tests/unit

# Both need a database: a private one that is thrown away, reached as in production by one role for each process.
db api:
	@$(CHECKED) test-programs-$@ build
	@KIND=asan scripts/with-postgres scripts/lib/run-programs $@ build/asan/tests/$@

# A fuzz target is tests/fuzz/fuzz_NAME.c with its corpus in tests/fuzz/corpus/NAME/; a crash found becomes a file there.
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_HELPERS := $(call objects,$(filter-out tests/fuzz/replay.c tests/fuzz/fuzz_%.c,$(wildcard tests/fuzz/*.c)))
FUZZ_MAIN_asan := $(call objects,tests/fuzz/replay.c)
FUZZ_LINK_fuzz := -fsanitize=fuzzer
FUZZ_SECONDS ?= 60

$(OUT)/tests/fuzz/%: $(OUT)/obj/tests/fuzz/fuzz_%.o $(FUZZ_HELPERS) $(FUZZ_MAIN_$(KIND)) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(FUZZ_LINK_$(KIND)) -o $@ $^ $(LIBS)

fuzz-programs: $(FUZZ_NAMES:%=$(OUT)/tests/fuzz/%)

fuzz-replay:
	@$(CHECKED) fuzz-programs
	@scripts/lib/fuzz-replay $(FUZZ_NAMES)

fuzz:
	@scripts/install build fuzz
	@$(MAKE) --no-print-directory $(JOBS) KIND=fuzz fuzz-programs
	@scripts/lib/fuzz $(FUZZ_SECONDS) $(FUZZ_NAMES)

lint:
	@scripts/install build test
	@scripts/lint

format:
	@scripts/install build test
	@scripts/format

# Slow, and its findings want a judgement: not part of the tests.
tidy:
	@scripts/install build check
	@scripts/tidy $(CFLAGS_COMMON)
