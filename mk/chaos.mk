# Crashes, pauses and outages against the real programs, and the account of what became of each message (tests/chaos).
# `chaos` is the long storm, by CHAOS_KILLS, CHAOS_MESSAGES and CHAOS_SEED; `chaos-short` is part of `make test`.
.PHONY: chaos chaos-short

chaos-short: build
	$(NODE_ENV_PATH) node --test --test-concurrency=2 'tests/chaos/*.test.mjs'

chaos: build
	$(NODE_ENV_PATH) CHAOS_KILLS=$${CHAOS_KILLS:-500} CHAOS_MESSAGES=$${CHAOS_MESSAGES:-10000} \
		node --test --test-reporter=spec tests/chaos/storm.test.mjs
