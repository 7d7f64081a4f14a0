# SPDX-License-Identifier: Apache-2.0
# The integration tests on other kernels, in qemu, and the service's; QUICK=1: one
# kernel, and the mission's test alone.

.PHONY: check-kernels
check-kernels: $(PROGRAM) $(if $(QUICK),,dist)
	SOCKPROBE=$(abspath $(PROGRAM)) scripts/check-kernels $(if $(QUICK),quick)
