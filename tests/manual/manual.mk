# SPDX-License-Identifier: Apache-2.0
# The tests of the manuals, of their examples and of the completions.

.PHONY: check-manual
check-manual: $(PROGRAM)
	SOCKPROBE=$(abspath $(PROGRAM)) /usr/bin/python3 -B -m pytest \
		-c tests/pytest.ini tests/manual
