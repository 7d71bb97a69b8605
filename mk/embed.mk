# The files that the programs carry inside themselves.
MIGRATIONS := $(sort $(wildcard migrations/[0-9]*.sql))
SEED := $(sort $(wildcard seed/*.json seed/*.tsv seed/*.txt))
EMBED_OBJ := $(OUT)/obj/embed_migrations.o $(OUT)/obj/embed_bootstrap.o $(OUT)/obj/embed_seed.o

build/gen/embed_migrations.c: $(MIGRATIONS) scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_migrations $(MIGRATIONS) > $@
build/gen/embed_bootstrap.c: migrations/bootstrap.sql scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_bootstrap migrations/bootstrap.sql > $@
build/gen/embed_seed.c: $(SEED) scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_seed $(SEED) > $@
$(OUT)/obj/embed_%.o: build/gen/embed_%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@
