"""How many calls a provider takes at once, learnt from how often it says no."""

from __future__ import annotations

_SMALLEST_WINDOW = 16
# A stray refusal is retried and no reason to slow down; a provider at its limit refuses nearly everything.
_TOO_MANY = 0.2
_SHRINK, _GROW = 0.6, 0.1


class AdaptiveLimit:
    """Additive increase, multiplicative decrease (Chiu and Jain 1989) over windows of answers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.value = most
        self._answers = 0
        self._refusals = 0

    def note(self, *, is_refusal: bool) -> bool:
        """Count an answer, a refusal for too many requests or another; returns whether `value` changed."""
        self._answers += 1
        self._refusals += is_refusal
        if self._answers < max(_SMALLEST_WINDOW, self.value):
            return False
        share, before = self._refusals / self._answers, self.value
        self._answers = self._refusals = 0
        if share >= _TOO_MANY:
            self.value = max(1, int(self.value * _SHRINK))
        else:
            self.value = min(self._most, self.value + max(1, int(self._most * _GROW)))
        return self.value != before
