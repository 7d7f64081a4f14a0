# SPDX-License-Identifier: Apache-2.0
# Installing and delivering: `make install`, the portable executables (dist),
# the packages (rpm, srpm), the image and the kubectl plugin. `make help` lists the
# targets.

VERSION := $(shell sed -n 's/^\#define SOCKPROBE_VERSION "\(.*\)"$$/\1/p' \
	include/sockprobe/version.h)

# The modification time of files made here: the last commit's, so that the same
# sources give the same bytes.
ifndef SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || \
	stat -c %Y include/sockprobe/version.h)
endif
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
systemdpresetdir ?= $(prefix)/lib/systemd/system-preset
INSTALL ?= install
INSTALL_PROGRAM ?= $(INSTALL) -m 0755
INSTALL_DATA ?= $(INSTALL) -m 0644

MANUALS := $(wildcard packaging/man/*.[1-9])
SCHEMAS := $(wildcard packaging/schema/*.json)

# Each installed file as FROM:TO; manuals each go to their section's folder.
INSTALLED := $(SCHEMAS:%=%:$(datadir)/sockprobe) \
	$(patsubst %,%:$(docdir),README.md CHANGELOG.md SECURITY.md LICENSE) \
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

# The service and its timer are a target of their own, because not every
# installation is a node's. Their paths are those of a package; here they follow
# the variables.
.PHONY: install-systemd
install-systemd:
	$(INSTALL) -d "$(DESTDIR)$(systemdunitdir)" "$(DESTDIR)$(systemdpresetdir)" \
		"$(DESTDIR)$(sysconfdir)/sysconfig" "$(DESTDIR)$(sysconfdir)/logrotate.d"
	sed -e 's,/usr/bin/,$(bindir)/,' -e 's,/etc/,$(sysconfdir)/,' \
		packaging/systemd/sockprobe.service \
		>"$(DESTDIR)$(systemdunitdir)/sockprobe.service"
	chmod 0644 "$(DESTDIR)$(systemdunitdir)/sockprobe.service"
	$(INSTALL_DATA) packaging/systemd/sockprobe.timer \
		"$(DESTDIR)$(systemdunitdir)"
	$(INSTALL_DATA) packaging/systemd/sockprobe.preset \
		"$(DESTDIR)$(systemdpresetdir)/95-sockprobe.preset"
	$(INSTALL_DATA) packaging/systemd/sockprobe.sysconfig \
		"$(DESTDIR)$(sysconfdir)/sysconfig/sockprobe"
	$(INSTALL_DATA) packaging/systemd/sockprobe.logrotate \
		"$(DESTDIR)$(sysconfdir)/logrotate.d/sockprobe"

# The portable executables: static, stripped, with the debug information in a
# file of its own.
ARCHITECTURES := x86_64 aarch64
CROSS_x86_64 := x86_64-linux-gnu-
CROSS_aarch64 := aarch64-linux-gnu-
DOWNLOADS ?= $(BUILD)/downloads
DIST := $(BUILD)/dist
DIST_NAME := $(DIST)/sockprobe-$(VERSION)
DIST_PROGRAMS := $(ARCHITECTURES:%=$(DIST_NAME)-%)

# The build directory's path must not be in the file.
STATIC_CFLAGS = -O2 -g -fdata-sections -ffunction-sections \
	-ffile-prefix-map=$(CURDIR)=.
STATIC_LDFLAGS := -static-pie -Wl,--gc-sections -Wl,--build-id=sha1

.PHONY: dist downloads
dist: $(DIST_PROGRAMS) $(DIST_NAME)-third-party.txt
	@ls -l $(DIST_NAME)-*

downloads:
	@packaging/dist/fetch $(DOWNLOADS)

.PRECIOUS: $(DIST)/static/%/third-party.txt $(DIST)/objects/%/sockprobe
$(DIST)/static/%/third-party.txt: packaging/dist/sources.txt \
		packaging/dist/static-libraries packaging/dist/build-cjson | downloads
	@echo "  LIB $(@D)"
	@rm -rf $(DIST)/objects/$*
	@CC=$(CROSS_$*)gcc AR=$(CROSS_$*)ar \
		packaging/dist/static-libraries $(DOWNLOADS) $* $(@D)

$(DIST_NAME)-third-party.txt: $(DIST)/static/x86_64/third-party.txt
	@cp $< $@

$(DIST)/objects/%/sockprobe: FORCE | $(DIST)/static/%/third-party.txt
	@PKG_CONFIG_LIBDIR=$(DIST)/static/$*/lib/pkgconfig \
	$(MAKE) -s CC=$(CROSS_$*)gcc \
		PKG_CONFIG='pkg-config --static' \
		BUILD=$(DIST)/objects/$* PROGRAM=$@ \
		CFLAGS='$(STATIC_CFLAGS)' LDFLAGS='$(STATIC_LDFLAGS)' all

$(DIST_NAME)-%: $(DIST)/objects/%/sockprobe
	@echo "  STRIP $@"
	@cd $(DIST) && $(CROSS_$*)objcopy --only-keep-debug \
		objects/$*/sockprobe $(@F).debug
	@cd $(DIST) && $(CROSS_$*)objcopy --strip-all \
		--add-gnu-debuglink=$(@F).debug objects/$*/sockprobe $(@F)

# The image, which a registry or a node's containerd imports.
IMAGE_NAME ?= localhost/sockprobe:$(VERSION)
IMAGE := $(DIST_NAME)-image.tar

.PHONY: image
image: $(IMAGE)
	@ls -l $(IMAGE)

$(IMAGE): $(DIST_PROGRAMS) $(DIST_NAME)-third-party.txt LICENSE \
		packaging/image/build
	@echo "  IMAGE $@"
	@packaging/image/build --name $(IMAGE_NAME) --version $(VERSION) \
		--document LICENSE --document $(DIST_NAME)-third-party.txt \
		--output $@ $(foreach arch,$(ARCHITECTURES),$(arch)=$(DIST_NAME)-$(arch))

# The packages. On Debian rpmbuild has no rpm of the build dependencies, hence
# --nodeps. rpmbuild writes its folder's path into its output, so it always
# finds it at the same path, in a mount namespace of its own; the headers have
# no name of this machine.
RPM := $(BUILD)/rpm
RPM_RELEASE := $(VERSION)-1
SRPM := $(RPM)/SRPMS/sockprobe-$(RPM_RELEASE).src.rpm
RPMS := $(foreach arch,$(ARCHITECTURES),\
	$(RPM)/RPMS/$(arch)/sockprobe-$(RPM_RELEASE).$(arch).rpm)
UNSHARE = unshare --mount $(if $(filter-out 0,$(shell id -u)),--map-root-user)
RPMBUILD = $(UNSHARE) sh -c 'mount --bind $(RPM) /mnt && exec rpmbuild "$$@"' \
	rpmbuild --quiet --nodeps --macros="$$(rpm --showrc | \
		sed -n 's/^Macro path: //p'):$(CURDIR)/packaging/rpm/debian.macros" \
	--define '_topdir /mnt' \
	--define '_buildhost localhost' \
	--define 'use_source_date_epoch_as_buildtime 1' \
	--define 'clamp_mtime_to_source_date_epoch 1'
RPM_SOURCES = $(RPM)/SOURCES/sockprobe-$(VERSION).tar.gz \
	$(RPM)/SOURCES/third-party.txt

.PHONY: srpm rpm
srpm: $(SRPM)
	@ls -l $(SRPM)

rpm: $(RPMS)
	@ls -l $(RPM)/RPMS/*/sockprobe-*

# All files that are tracked or could be, as they are now.
$(RPM)/SOURCES/sockprobe-$(VERSION).tar.gz: FORCE
	@mkdir -p $(@D)
	@git ls-files -z --cached --others --exclude-standard | LC_ALL=C sort -z | \
		tar --create --no-recursion --owner=0 --group=0 --numeric-owner \
		--mode=u+rw,go+r,go-w --mtime=@$(SOURCE_DATE_EPOCH) --format=ustar \
		--transform='s,^,sockprobe-$(VERSION)/,' --null --files-from=- \
		--file=$(@:.gz=)
	@gzip -9nf $(@:.gz=)

$(RPM)/SOURCES/third-party.txt: $(DIST_NAME)-third-party.txt
	@mkdir -p $(@D)
	@cp $< $@

$(SRPM): $(RPM_SOURCES) packaging/rpm/sockprobe.spec | downloads
	@echo "  SRPM $@"
	@cp $(DOWNLOADS)/cjson_* packaging/rpm/sockprobe.spec $(RPM)/SOURCES
	@touch -d @$(SOURCE_DATE_EPOCH) $(RPM)/SOURCES/*
	@$(RPMBUILD) -bs /mnt/SOURCES/sockprobe.spec

# The debug information has no path of this machine either: debugedit rewrites
# those of the package's sources, -ffile-prefix-map those of the static
# libraries' headers. Both architectures are built in one folder, one after the
# other even with make -j.
$(RPM)/RPMS/%: $(SRPM) $(ARCHITECTURES:%=$(DIST)/static/%/third-party.txt)
	@echo "  RPM $@"
	@arch=$(*D); \
	PKG_CONFIG_LIBDIR=$(CURDIR)/$(DIST)/static/$$arch/lib/pkgconfig \
	AR=$$arch-linux-gnu-ar flock $(RPM) $(RPMBUILD) --rebuild --target $$arch \
		--define "__cc $$arch-linux-gnu-gcc" \
		--define "__strip $$arch-linux-gnu-strip" \
		--define "__objdump $$arch-linux-gnu-objdump" \
		--define "libraries_map \
			-ffile-prefix-map=$(CURDIR)/$(DIST)/static/$$arch=static" \
		$(SRPM)

# The kubectl plugin: an archive for krew, and its manifest.
.PHONY: krew
krew:
	@packaging/krew/build "$(PROJECT)" $(BUILD)/krew
