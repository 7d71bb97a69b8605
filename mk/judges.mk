# Programs written by others that judge ours (tests/judges), and ours that let them ask.
.PHONY: judges

JUDGES_NPM := tests/judges/node_modules/.installed

judges: $(JUDGES_NPM) $(patsubst tests/judges/%.c,$(OUT)/judges/%,$(wildcard tests/judges/*.c))

$(JUDGES_NPM): tests/judges/package.json tests/judges/package-lock.json tests/judges/.npmrc
	cd tests/judges && $(NODE_ENV_PATH) npm ci --ignore-scripts --silent
	@touch $@

$(OUT)/judges/%: $(OUT)/obj/tests/judges/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Whatever builds and runs the wire tests needs these as well.
wire: judges
# A provider for signing in stands beside the portal in its tests.
e2e: $(JUDGES_NPM)
