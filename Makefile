# Konstruct. `make run` and `make test` do all the set-up; the rest is for those who work on it: docs/developers.md
.DEFAULT_GOAL := build
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
CC := gcc

# `make V=1` shows the whole commands.
Q := $(if $(V),,@)

# One folder of objects a flavour: release, asan (checked), fuzz (clang).
KIND ?= release
OUT := build/$(KIND)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wundef -Wvla -Walloca \
	-Wwrite-strings -Wcast-qual -Wcast-align=strict -Wstrict-prototypes -Wold-style-definition \
	-Wmissing-prototypes -Wredundant-decls -Wnull-dereference -Wdouble-promotion -Wduplicated-cond \
	-Wduplicated-branches -Wlogical-op -Wimplicit-fallthrough=5 -Wswitch-enum -Werror
PG_INCLUDE := $(shell pg_config --includedir 2>/dev/null || echo /usr/include/postgresql)
CFLAGS_COMMON := -std=c17 -D_GNU_SOURCE -Ibackend -isystem $(PG_INCLUDE) -fvisibility=hidden -fPIE -pthread
CFLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=full -ftrivial-auto-var-init=zero -fno-strict-aliasing
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_release := -Wl,-z,relro,-z,now
LDFLAGS_asan := -fsanitize=address,undefined
# libFuzzer needs clang, which knows fewer of the warnings.
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_fuzz := -fsanitize=address,undefined
ifeq ($(KIND),fuzz)
CC := clang
WARN := -Wall -Wextra -Werror
endif
CFLAGS := $(CFLAGS_COMMON) $(WARN) $(CFLAGS_$(KIND))
LDFLAGS := -pie -pthread $(LDFLAGS_$(KIND))
LIBS := -lpq -lhiredis -lcurl -ljansson -lmd4c -lsodium -lssl -lcrypto -lm

# The layers that all programs share; app/ holds one main each.
LAYERS := base io core channels llm tools memory billing flow api
LIB_SRC := $(foreach layer,$(LAYERS),$(wildcard backend/$(layer)/*.c))
LIB := $(OUT)/libkonstruct.a
objects = $(patsubst %.c,$(OUT)/obj/%.o,$(1))

$(OUT)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(if $(V),,echo '  cc  $<')
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

include mk/embed.mk

$(LIB): $(call objects,$(LIB_SRC)) $(EMBED_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

include $(filter-out mk/embed.mk,$(wildcard mk/*.mk))

-include $(shell find build -name '*.d' 2>/dev/null)
