"""A value with its interval."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A central value with its interval, in the unit of the values.

    low, high: None where there is no interval: one value, or one of them is zero
    """

    value: float
    low: float | None = None
    high: float | None = None

    def inverse(self) -> "Estimate":
        """Return 1 / value; of a ratio, that of the second to the first."""
        low = None if self.high is None else 1 / self.high
        high = None if self.low is None else 1 / self.low
        return Estimate(1 / self.value, low, high)

    @property
    def half_width(self) -> float | None:
        """Return half the interval, None without one."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def relative_half_width(self) -> float | None:
        """Return half the interval as a fraction of the value, None without an interval."""
        half = self.half_width
        return half / self.value if half is not None and self.value else None

    def within(self, margin: float) -> bool:
        """Tell, of a ratio, if its whole interval lies within a margin; never without one."""
        if self.low is None or self.high is None:
            return False
        return self.low >= 1 / (1 + margin) and self.high <= 1 + margin

    @property
    def excludes_one(self) -> bool:
        """Tell, of a ratio, if its interval is on one side of 1; never without an interval."""
        return self.low is not None and self.high is not None and (self.low > 1 or self.high < 1)
