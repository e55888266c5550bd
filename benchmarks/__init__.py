"""Benchmarks: a real server, HTTP over loopback, figures beside their budgets. Run with `python -m benchmarks`."""
