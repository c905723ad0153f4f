"""Measurements that are not tests, run as `python -m benchmarks.<name>`; docs/performance.md shows the results."""

import os

# Threads that spin while waiting slow down the next measurement; this is read when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
