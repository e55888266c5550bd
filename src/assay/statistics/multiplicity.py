"""Several tests at once: p values adjusted so that what is called significant can be trusted as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def adjust_holm(p_values: ArrayLike) -> list[float]:
    """Return p values adjusted so that the chance of any false claim stays below the level, in the order given.

    Holm 1979, "A simple sequentially rejective multiple test procedure". Raises ValueError where a p value is not
    within 0 and 1.
    """
    import numpy as np

    given = _checked(p_values)
    order = np.argsort(given, kind="stable")
    steps = np.maximum.accumulate(given[order] * np.arange(given.size, 0, -1))
    return _in_given_order(steps, order)


def adjust_benjamini_hochberg(p_values: ArrayLike) -> list[float]:
    """Return p values adjusted so that the expected share of false claims stays below the level, in the order given.

    Benjamini and Hochberg 1995, "Controlling the false discovery rate". Raises ValueError where a p value is not
    within 0 and 1.
    """
    import numpy as np

    given = _checked(p_values)
    order = np.argsort(given, kind="stable")[::-1]
    # Divided before multiplying: p * 1 must stay p to the last bit.
    steps = np.minimum.accumulate(given[order] * (given.size / np.arange(given.size, 0, -1)))
    return _in_given_order(steps, order)


def _checked(p_values: ArrayLike) -> NDArray[np.float64]:
    import numpy as np

    given = np.asarray(p_values, dtype=np.float64)
    if given.ndim != 1:
        raise ValueError(f"p values must have one dimension, not {given.ndim}")
    wrong = given[~((given >= 0) & (given <= 1))]
    if wrong.size:
        raise ValueError(f"a p value must be within 0 and 1, not {wrong[0]}")
    return given


def _in_given_order(steps: NDArray[np.float64], order: NDArray[np.intp]) -> list[float]:
    import numpy as np

    adjusted = np.empty_like(steps)
    adjusted[order] = np.minimum(steps, 1.0)
    return [float(value) for value in adjusted]
