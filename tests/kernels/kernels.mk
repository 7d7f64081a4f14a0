# SPDX-License-Identifier: Apache-2.0
# The integration tests on other kernels, in qemu; QUICK=1: one kernel, and the
# mission's test alone.

.PHONY: check-kernels
check-kernels: $(PROGRAM)
	SOCKPROBE=$(abspath $(PROGRAM)) scripts/check-kernels $(if $(QUICK),quick)
