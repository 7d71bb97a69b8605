# The built-in embedding model. Its arithmetic is compiled for every processor, and again for those that have AVX2 or AVX-512.
# These go without sanitizers, or the tests against the reference would take minutes: it is the same C, which is checked in the
# first one.
$(OUT)/obj/backend/memory/kernel%.o: CFLAGS += -O3
ifeq ($(shell uname -m),x86_64)
$(OUT)/obj/backend/memory/kernel_avx2.o: CFLAGS += -mavx2 -mfma -mf16c -fno-sanitize=all
$(OUT)/obj/backend/memory/kernel_avx512.o: CFLAGS += -mavx512f -mavx2 -mfma -mf16c -fno-sanitize=all
endif

# The model lies beside the programs, where they look for it.
programs: $(OUT)/minilm
test-programs-unit: | .tools/minilm/tokenizer.json
$(OUT)/minilm: | .tools/minilm/tokenizer.json
	@mkdir -p $(OUT)
	@ln -sfn ../../.tools/minilm $@
.tools/minilm/tokenizer.json:
	@scripts/install run
