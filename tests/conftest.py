"""What every test shares: deterministic property tests by default, a random search on request."""

import os

from hypothesis import HealthCheck, settings

# `ci` draws the same examples every time, so that a failure is a finding and never the weather.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=100, database=None, suppress_health_check=[HealthCheck.too_slow]
)
# HYPOTHESIS_PROFILE=search looks for new counterexamples and keeps those it finds.
settings.register_profile("search", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
