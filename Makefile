# SPDX-License-Identifier: Apache-2.0
# Builds sockprobe against the distribution's libraries. `make help` lists the
# targets. All output but the program itself goes to build/.

CC ?= gcc
PKG_CONFIG ?= pkg-config
PACKAGES := libseccomp libmnl libcap libcjson

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Wformat=2 -Wpointer-arith -Wwrite-strings
# The OpenSSF guide's options, as far as gcc 12 has them; those of one processor
# are below.
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE \
	-fstack-protector-strong -fstack-clash-protection \
	-ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks \
	-fno-strict-overflow -fno-strict-aliasing \
	-Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types \
	-Werror=int-conversion -Wimplicit-fallthrough -Wtrampolines
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
HARDENING_x86_64 := -fcf-protection=full
HARDENING_aarch64 := -mbranch-protection=standard
# The build directory's path must not be in the program, so that builds in
# different directories give the same bytes.
PLACE := -ffile-prefix-map=$(CURDIR)=.
ALL_CPPFLAGS := -D_GNU_SOURCE -Iinclude -Iprobe $(CPPFLAGS)
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
ALL_CFLAGS := -std=gnu17 $(WARNINGS) $(HARDENING) $(HARDENING_$(MACHINE)) \
	$(PLACE) $(CFLAGS) $(LIBRARY_CFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack \
	-Wl,--as-needed -Wl,--no-copy-dt-needed-entries $(LDFLAGS)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm

BUILD ?= build
PROGRAM ?= sockprobe
SOURCES := $(sort $(wildcard probe/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)

.PHONY: all format lint clean help FORCE
all: $(PROGRAM)

$(PROGRAM): $(OBJECTS)
	@echo "  LD  $@"
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

include tests/tests.mk
include packaging/packaging.mk

# Formats the sources in place.
format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

lint:
	scripts/lint

# Runs clang-tidy on sources that changed, or whose headers changed.
.PHONY: tidy
tidy: $(OBJECTS:.o=.tidy)

$(BUILD)/%.tidy: $(BUILD)/%.o .clang-tidy
	@echo "  TIDY $(<:$(BUILD)/%.o=%.c)"
	@clang-tidy --quiet $(<:$(BUILD)/%.o=%.c) -- -std=gnu17 $(ALL_CPPFLAGS) \
		$(LIBRARY_CFLAGS) >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

clean:
	rm -rf $(BUILD) $(PROGRAM)

help:
	@echo "make                  build ./sockprobe"
	@echo "make install          install below DESTDIR and prefix (/usr/local); also"
	@echo "                      make uninstall, and make install-systemd: its timer"
	@echo "make dist             portable executables, static, of both architectures"
	@echo "make rpm              packages of both architectures (make srpm: the source's)"
	@echo "make image            an OCI image of both architectures"
	@echo "make krew             the kubectl plugin's archive and its manifest (PROJECT=URL)"
	@echo "make unit             build and run the unit tests"
	@echo "                      (T=NAME: tests/unit/test_NAME.c; TEST=NAME: one test inside)"
	@echo "make lint             check the style, the folders' order and what linters find"
	@echo "make format           apply the style to the sources"
	@echo "make fuzz             fuzz each parser for FUZZ_SECONDS (60; T=TARGET: one)"
	@echo "make fuzz-replay      run the seeds and past crashes of fuzzing once"
	@echo "make clean            remove what was built"
	@echo "as root:"
	@echo "make integration      run the tests on a node of their own (T=NAME: those with"
	@echo "                      it in their name or file's; so check-*, but kernels)"
	@echo "make honest           print what is said of honest agents' containers"
	@echo "make steady           ask that many times over, while other pods come and go"
	@echo "make check-packaging  test all that is delivered"
	@echo "make check-packages   test the lists of packages against what is called"
	@echo "make check-manual     test the manuals, their examples and the completions"
	@echo "make check-ssm        test the Session Manager documents"
	@echo "make check-kubectl    test the kubectl plugin"
	@echo "make check-kernels    test on Linux 6.1 and 6.12 in qemu (QUICK=1: less)"
	@echo "make bench            measure against other tools on nodes of up to 2,000 pods"
	@echo "make bench-quick      the same on smaller nodes, below two minutes"
	@echo "scripts/check         install what is needed, then all tests but the last three"
	@echo "scripts/check-fresh   the demo and scripts/check on a new, minimal Debian 12"
