# SPDX-License-Identifier: Apache-2.0
# Unit tests: every tests/unit/test_*.c is one program, linked with all of the
# probe but its main(). `make unit` builds and runs them all, from the top
# directory (fixtures are found by relative paths), and fails if any does.

UNIT_PACKAGES := cmocka
UNIT_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(UNIT_PACKAGES))
UNIT_LIBS := $(shell $(PKG_CONFIG) --libs $(UNIT_PACKAGES))
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
UNIT_OBJECTS := $(filter-out $(BUILD)/probe/commands/main.o,$(OBJECTS))

.PHONY: unit
unit: $(UNIT_PROGRAMS)
	@failed=0; for program in $(UNIT_PROGRAMS); do \
		echo "  UNIT $$program"; \
		CMOCKA_MESSAGE_OUTPUT=$${CMOCKA_MESSAGE_OUTPUT-STDOUT} \
			$$program || failed=1; \
	done; exit $$failed

$(BUILD)/tests/unit/%: tests/unit/%.c $(UNIT_OBJECTS) Makefile \
		tests/unit/unit.mk
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(UNIT_CFLAGS) \
		$(ALL_LDFLAGS) -MMD -MP -MF $@.d -o $@ $< $(UNIT_OBJECTS) \
		$(LIBS) $(UNIT_LIBS)

-include $(UNIT_PROGRAMS:=.d)
