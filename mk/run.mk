# make run: everything from a bare machine to a Konstruct that answers. make clean-run forgets its data.
.PHONY: run clean-run clean

# As many jobs as there are processors, unless the caller has said how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
PARTS = $(MAKE) --no-print-directory $(JOBS)

run:
	@scripts/install build run
	@echo 'Konstruct is built:'
	@scripts/step 'programs in C' $(PARTS) programs
	@scripts/step 'portal' $(PARTS) portal
	@scripts/step 'web process' $(PARTS) build
	@exec build/release/konstruct up

clean-run:
	@scripts/clean-run

clean:
	rm -rf build
