# SPDX-License-Identifier: Apache-2.0
# The tests of what is delivered for Systems Manager.

.PHONY: check-ssm
check-ssm: $(PROGRAM)
	SOCKPROBE=$(abspath $(PROGRAM)) /usr/bin/python3 -B -m pytest \
		-c tests/pytest.ini tests/ssm
