# The portal in a real browser, against a private Konstruct. One file only: make e2e E2E_ARGS=keyboard
.PHONY: e2e

E2E_NPM := e2e/node_modules/.installed
E2E_ARGS ?=

$(E2E_NPM): e2e/package.json e2e/package-lock.json e2e/.npmrc
	cd e2e && $(NODE_ENV_PATH) npm ci --loglevel=error
	@touch $@

e2e: build $(E2E_NPM)
	$(NODE_ENV_PATH) node e2e/run.mjs $(E2E_ARGS)
