# The API document judged by a public linter, and the running programs held against it (tests/contract).
.PHONY: contract

CONTRACT_NPM := tests/contract/node_modules/.installed

$(CONTRACT_NPM): tests/contract/package.json tests/contract/package-lock.json tests/contract/.npmrc
	cd tests/contract && $(NODE_ENV_PATH) npm ci --ignore-scripts --silent
	@touch $@

contract: build build/openapi.json $(CONTRACT_NPM)
	@scripts/install test
	@$(NODE_ENV_PATH) KIND=$(KIND) node --test tests/contract/*.test.mjs
