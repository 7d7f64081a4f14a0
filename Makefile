# SPDX-License-Identifier: Apache-2.0
# Builds sockprobe against the distribution's libraries. `make help` lists the
# targets; everything made lies under build/ but the program itself.

CC ?= gcc
PKG_CONFIG ?= pkg-config
PACKAGES := libseccomp libmnl libcap libcjson

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Wformat=2 -Wpointer-arith -Wwrite-strings
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE \
	-D_FORTIFY_SOURCE=2
ALL_CPPFLAGS := -D_GNU_SOURCE -Iinclude $(CPPFLAGS)
ALL_CFLAGS := -std=gnu17 $(WARNINGS) $(HARDENING) $(CFLAGS) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES))
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack $(LDFLAGS)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm

BUILD ?= build
PROGRAM ?= sockprobe
SOURCES := $(sort $(wildcard probe/*.c probe/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)

.PHONY: all clean help
all: $(PROGRAM)

$(PROGRAM): $(OBJECTS)
	@echo "  LD  $@"
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

include packaging/kubectl.mk

-include $(OBJECTS:.o=.d)

include tests/unit/unit.mk

.PHONY: integration
integration: $(PROGRAM)
	SOCKPROBE=$(abspath $(PROGRAM)) /usr/bin/python3 -B -m pytest \
		-c tests/pytest.ini tests/integration

clean:
	rm -rf $(BUILD) $(PROGRAM)

help:
	@echo "make              build ./sockprobe"
	@echo "make unit         build and run the unit tests"
	@echo "make integration  run the tests on a node of their own (as root)"
	@echo "make clean        remove what was built"
	@echo "scripts/check     install what is needed, then all of it"
