"""Measurements that are not tests: run as `python -m benchmarks.<name>`; docs/performance.md shows what they say."""

import os

# Threads that spin while they wait slow down whatever is measured next; read when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
