# SPDX-License-Identifier: Apache-2.0
# The benchmark. `make bench` takes about half an hour and keeps its table and
# plot in tests/bench/results; `make bench-quick` is below two minutes, on
# smaller nodes. Both need root, and a machine that does nothing else.

.PHONY: bench bench-quick
bench: $(PROGRAM)
	scripts/packages build node bench
	SOCKPROBE=$(abspath $(PROGRAM)) /usr/bin/python3 -B tests/bench/bench.py --keep

bench-quick: $(PROGRAM)
	scripts/packages build node bench
	SOCKPROBE=$(abspath $(PROGRAM)) /usr/bin/python3 -B tests/bench/bench.py --quick
