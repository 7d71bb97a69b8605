# The portal: types from the OpenAPI document, the built files, and the pack that the web process serves.
.PHONY: portal portal-test

# A pinned Node, where scripts/install has put one, goes before the machine's own.
NODE_ENV_PATH := PATH="$(CURDIR)/.tools/node/bin:$$PATH"
PORTAL_NPM := portal/node_modules/.installed
PORTAL_TYPES := portal/src/api/schema.ts
PORTAL_PACK := build/portal/portal.pack
PORTAL_SRC := $(shell find portal/src portal/public -type f ! -name '*.md' ! -path '$(PORTAL_TYPES)' 2>/dev/null) \
	portal/index.html portal/vite.config.ts portal/tsconfig.json portal/pack.mjs

portal: $(PORTAL_PACK)

# The stamp lies in the folder that npm replaces, so that the one never outlives the other.
$(PORTAL_NPM): portal/package.json portal/package-lock.json portal/.npmrc
	cd portal && $(NODE_ENV_PATH) npm ci --loglevel=error
	@touch $@

build/portal/schema.ts: build/openapi.json $(PORTAL_NPM)
	@mkdir -p $(@D)
	@cd portal && $(NODE_ENV_PATH) npx --no-install openapi-typescript ../build/openapi.json -o ../$@ > ../$(@D)/schema.log \
		2>&1 || { cat ../$(@D)/schema.log; exit 1; }

# Copied only when they differ: a rebuilt program with the same interface builds no portal.
$(PORTAL_TYPES): build/portal/schema.ts
	@cmp -s $< $@ || cp $< $@

$(PORTAL_PACK): $(PORTAL_SRC) $(PORTAL_TYPES) $(PORTAL_NPM)
	cd portal && $(NODE_ENV_PATH) npx --no-install tsc --noEmit
	cd portal && $(NODE_ENV_PATH) npx --no-install vite build --logLevel warn
	$(NODE_ENV_PATH) node portal/pack.mjs build/portal/dist $@

portal-test: $(PORTAL_TYPES) $(PORTAL_NPM)
	cd portal && $(NODE_ENV_PATH) npx --no-install vitest run
