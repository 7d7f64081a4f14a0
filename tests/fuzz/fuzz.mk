# SPDX-License-Identifier: Apache-2.0
# Fuzzing with clang's libFuzzer. `make fuzz` runs each target for FUZZ_SECONDS,
# beginning from its kept corpus; what it finds goes to build/fuzz. `make
# fuzz-replay` runs the kept corpus once: a regression test, without chance.

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := mountinfo stat status idmap cgroup netunix netlink record node \
	finding expect evidence text
FUZZ_BUILD := $(BUILD)/fuzz
FUZZ_SOURCES := tests/fuzz/fuzz.c $(filter-out probe/commands/main.c,$(SOURCES))
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_BUILD)/%.o)
FUZZ_CFLAGS := -std=gnu17 -g -O1 -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all $(shell $(PKG_CONFIG) --cflags $(PACKAGES))

$(FUZZ_BUILD)/%.o: %.c Makefile tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(FUZZ_CC) $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

-include $(FUZZ_OBJECTS:.o=.d)

# One program by as many names.
$(FUZZ_BUILD)/fuzz: $(FUZZ_OBJECTS)
	@echo "  LD  $@"
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)
	@for target in $(FUZZ_TARGETS); do \
		ln -sf fuzz $(FUZZ_BUILD)/fuzz-$$target; done

.PHONY: fuzz fuzz-replay fuzz-merge
fuzz: $(FUZZ_BUILD)/fuzz
	tests/fuzz/run $(FUZZ_BUILD) $(FUZZ_SECONDS) $(FUZZ_TARGETS)

fuzz-replay: $(FUZZ_BUILD)/fuzz
	tests/fuzz/run $(FUZZ_BUILD) replay $(FUZZ_TARGETS)

# Takes over into the kept corpus what reached something new.
fuzz-merge: $(FUZZ_BUILD)/fuzz
	tests/fuzz/run $(FUZZ_BUILD) merge $(FUZZ_TARGETS)
