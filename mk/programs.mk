# The worker and the command line; the web process has a file of its own (web.mk).
.PHONY: build programs
WORKER_OBJ := $(call objects,$(addprefix backend/app/,worker.c crew.c become.c))
CLI_OBJ := $(call objects,$(wildcard backend/app/cli*.c))

build: programs $(OUT)/konstruct-web

programs: $(OUT)/konstruct $(OUT)/konstruct-worker

$(OUT)/konstruct-worker: $(WORKER_OBJ) $(LIB)
	@echo '  ld  $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$(OUT)/konstruct: $(CLI_OBJ) $(LIB)
	@echo '  ld  $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# The document is replaced only when it changed, so that a rebuilt program with the same interface builds no portal.
$(OUT)/openapi.stamp: $(OUT)/konstruct
	@$< openapi > $(OUT)/openapi.json
	@cmp -s $(OUT)/openapi.json build/openapi.json || cp $(OUT)/openapi.json build/openapi.json
	@touch $@
build/openapi.json: $(OUT)/openapi.stamp ;
