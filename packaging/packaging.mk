# SPDX-License-Identifier: Apache-2.0
# Installing and delivering: `make install`, the portable executables (dist),
# the packages (rpm, srpm) and the image. `make help` lists the targets.

VERSION := $(shell sed -n 's/^\#define SOCKPROBE_VERSION "\(.*\)"$$/\1/p' \
	include/sockprobe/version.h)

# The time that files made here bear: of the last commit, so that the same
# sources give the same bytes.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || \
	stat -c %Y include/sockprobe/version.h)
export SOURCE_DATE_EPOCH

# Installation: the GNU variables, and systemd's folders.
prefix ?= /usr/local
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
sysconfdir ?= $(prefix)/etc
datarootdir ?= $(prefix)/share
datadir ?= $(datarootdir)
docdir ?= $(datarootdir)/doc/sockprobe
mandir ?= $(datarootdir)/man
bashcompletiondir ?= $(datarootdir)/bash-completion/completions
zshcompletiondir ?= $(datarootdir)/zsh/site-functions
systemdunitdir ?= $(prefix)/lib/systemd/system
INSTALL ?= install
INSTALL_PROGRAM ?= $(INSTALL) -m 0755
INSTALL_DATA ?= $(INSTALL) -m 0644

MANUALS := $(wildcard packaging/man/*.[1-9])
SCHEMAS := $(wildcard packaging/schema/*.json)

# Each file that is installed: FROM:TO, a folder apart for the manuals.
INSTALLED := $(SCHEMAS:%=%:$(datadir)/sockprobe) \
	$(patsubst %,%:$(docdir),README.md LICENSE) \
	$(patsubst %,%:$(bashcompletiondir),$(wildcard packaging/completions/bash/*)) \
	$(patsubst %,%:$(zshcompletiondir),$(wildcard packaging/completions/zsh/*)) \
	$(foreach page,$(MANUALS),$(page):$(mandir)/man$(subst .,,$(suffix $(page))))

.PHONY: install uninstall
install: $(PROGRAM)
	$(INSTALL) -d "$(DESTDIR)$(bindir)"
	$(INSTALL_PROGRAM) $(PROGRAM) "$(DESTDIR)$(bindir)/sockprobe"
	set -e; for row in $(INSTALLED); do \
		$(INSTALL) -d "$(DESTDIR)$${row#*:}"; \
		$(INSTALL_DATA) "$${row%%:*}" "$(DESTDIR)$${row#*:}"; \
	done

uninstall:
	rm -f "$(DESTDIR)$(bindir)/sockprobe"
	for row in $(INSTALLED); do \
		file=$${row%%:*}; rm -f "$(DESTDIR)$${row#*:}/$${file##*/}"; \
	done
	-rmdir "$(DESTDIR)$(datadir)/sockprobe" "$(DESTDIR)$(docdir)"

# The portable executables: static, stripped, the debug information apart.
ARCHITECTURES := x86_64 aarch64
CROSS_x86_64 :=
CROSS_aarch64 := aarch64-linux-gnu-
ifneq ($(shell uname -m),x86_64)
CROSS_x86_64 := x86_64-linux-gnu-
CROSS_$(shell uname -m) :=
endif
DOWNLOADS ?= $(BUILD)/downloads
DIST := $(BUILD)/dist
DIST_PROGRAMS := $(ARCHITECTURES:%=$(DIST)/sockprobe-$(VERSION)-%)

# Where the build ran must not show in the file.
STATIC_CFLAGS = -O2 -g -fdata-sections -ffunction-sections \
	-ffile-prefix-map=$(CURDIR)=.
STATIC_LDFLAGS := -static-pie -Wl,--gc-sections -Wl,--build-id=sha1

.PHONY: dist downloads
dist: $(DIST_PROGRAMS)
	@ls -l $(DIST)/sockprobe-*

$(DIST)/static/%: packaging/dist/sources.txt packaging/dist/static-libraries \
		packaging/dist/build-cjson | downloads
	@echo "  LIB $@"
	@CC=$(CROSS_$*)gcc AR=$(CROSS_$*)ar \
		packaging/dist/static-libraries $(DOWNLOADS) $* $@

.PRECIOUS: $(DIST)/static/% $(DIST)/objects/%/sockprobe

downloads:
	@packaging/dist/fetch $(DOWNLOADS)

# The unit tests' libraries are not among these, and the tests not built here.
$(DIST)/objects/%/sockprobe: $(SOURCES) $(wildcard include/*/*.h probe/*.h \
		probe/*/*.h) Makefile packaging/packaging.mk | $(DIST)/static/%
	@PKG_CONFIG_LIBDIR=$(DIST)/static/$*/lib/pkgconfig \
	$(MAKE) --no-print-directory CC=$(CROSS_$*)gcc \
		PKG_CONFIG='pkg-config --static' UNIT_PACKAGES=libmnl BUILD=$(DIST)/objects/$* PROGRAM=$@ \
		CFLAGS='$(STATIC_CFLAGS)' LDFLAGS='$(STATIC_LDFLAGS)' $@

$(DIST)/sockprobe-$(VERSION)-%: $(DIST)/objects/%/sockprobe
	@echo "  STRIP $@"
	@cd $(DIST) && $(CROSS_$*)objcopy --only-keep-debug \
		objects/$*/sockprobe $(@F).debug
	@cd $(DIST) && $(CROSS_$*)objcopy --strip-all \
		--add-gnu-debuglink=$(@F).debug objects/$*/sockprobe $(@F)
