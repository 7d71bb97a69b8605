# konstruct-web: Debian's Kore sources, copied, checked, patched, and linked with ours. See deploy/kore/README.md.

KORE_FROM := /usr/share/kore
KORE_DIR := build/kore
KORE_PARTS := accesslog auth buf config connection domain filemap fileref http json keymgr kore linux mem module msg \
	net pool runtime seccomp timer utils validator websocket worker
KORE_OBJ := $(KORE_PARTS:%=$(OUT)/kore/%.o)
PORTAL_PACK := build/portal/portal.pack

# Kore has its own idea of warnings; the hardening flags are ours.
KORE_CFLAGS_release := $(CFLAGS_release)
KORE_CFLAGS_asan := -O1 -g -fsanitize=address -fno-omit-frame-pointer
KORE_CFLAGS := -std=gnu11 -w -D_GNU_SOURCE -fPIE -fvisibility=hidden -DKORE_SINGLE_BINARY -DPREFIX='"/usr"' \
	-DSECCOMP_KILL_POLICY=SECCOMP_RET_KILL_PROCESS -include deploy/kore/openssl3.h -I$(KORE_DIR)/include \
	-I$(KORE_DIR)/include/kore -Ideploy/kore $(KORE_CFLAGS_$(KIND))

# What Kore looks up by name at run time.
KORE_HOOKS := kore_parent_configure kore_worker_configure kore_seccomp_hook web_handle

WEB_OBJ := $(call objects,$(wildcard backend/app/web*.c))

# The copy is made aside and put in place whole, so that half of it is never built, nor two builds' at once.
KORE_NEW = $(KORE_DIR).$$$$
$(KORE_DIR)/.ready: deploy/kore/hardening.patch deploy/kore/sources.sha256 mk/web.mk
	@(cd $(KORE_FROM) 2>/dev/null && sha256sum --quiet -c) < deploy/kore/sources.sha256 || { \
		echo "Kore's sources in $(KORE_FROM) are not those of Debian 12's package kore 4.1.0-6."; \
		echo "Nothing was built. Install that version (apt-get install kore=4.1.0-6+b1), or follow"; \
		echo "'When the package changes' in deploy/kore/README.md."; exit 1; }
	@echo "  kore $(KORE_DIR)"
	$(Q)new=$(KORE_NEW) && mkdir -p $$new && cp -r $(KORE_FROM)/src $(KORE_FROM)/include $$new/ && \
		patch -s -p0 -d $$new < deploy/kore/hardening.patch && \
		sh $(KORE_FROM)/misc/linux-platform.sh > $$new/include/platform.h && touch $$new/.ready && \
		rm -rf $(KORE_DIR) && mv -T $$new $(KORE_DIR)

$(OUT)/kore/%.o: $(KORE_DIR)/.ready deploy/kore/seam.h deploy/kore/openssl3.h Makefile
	@mkdir -p $(@D)
	@echo "  cc  kore/$*.c"
	$(Q)$(CC) $(KORE_CFLAGS) -c $(KORE_DIR)/src/$*.c -o $@

# Kore's names (fatal, worker, net_*, http_*) are many: only those that ours use stay visible.
$(OUT)/kore.o: $(KORE_OBJ) deploy/kore/globals.txt
	$(Q)ld -r -o $@ $(KORE_OBJ)
	$(Q)objcopy --keep-global-symbols=deploy/kore/globals.txt $@

$(WEB_OBJ): CFLAGS += -isystem $(KORE_DIR)/include -isystem $(KORE_DIR)/include/kore -Ideploy/kore \
	-DPORTAL_PACK='"$(PORTAL_PACK)"'
$(WEB_OBJ): $(KORE_DIR)/.ready
$(OUT)/obj/backend/app/web_portal.o: build/portal/portal.pack

$(OUT)/konstruct-web: $(WEB_OBJ) $(OUT)/kore.o $(LIB)
	@test -f $(PORTAL_PACK) || { echo "The portal's files are missing: run 'make portal' first."; exit 1; }
	@echo "  ld  $@"
	$(Q)$(CC) $(LDFLAGS) $(KORE_HOOKS:%=-Wl,--export-dynamic-symbol=%) -o $@ $(WEB_OBJ) $(OUT)/kore.o $(LIB) $(LIBS) -ldl
