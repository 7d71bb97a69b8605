# The wire tests: the real programs, spoken to from outside. KIND=asan takes the checked ones.
.PHONY: wire

wire: build
	@scripts/install test
	@PATH="$(CURDIR)/.tools/node/bin:$$PATH" KIND=$(KIND) node --test tests/wire/*.test.mjs
