# The files that the programs carry inside themselves.
MIGRATIONS := $(sort $(wildcard migrations/[0-9]*.sql))
SEED := $(sort $(wildcard seed/*.json seed/*.tsv seed/*.txt))
ISOLATION := $(sort $(wildcard isolation/*.sql))
EMBED_OBJ := $(foreach name,migrations bootstrap seed isolation,$(OUT)/obj/embed_$(name).o)

build/gen/embed_migrations.c: $(MIGRATIONS) scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_migrations $(MIGRATIONS) > $@
build/gen/embed_bootstrap.c: migrations/bootstrap.sql scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_bootstrap migrations/bootstrap.sql > $@
build/gen/embed_seed.c: $(SEED) scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_seed $(SEED) > $@
build/gen/embed_isolation.c: $(ISOLATION) scripts/embed
	@mkdir -p $(@D)
	scripts/embed embedded_isolation $(ISOLATION) > $@
$(OUT)/obj/embed_%.o: build/gen/embed_%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@
