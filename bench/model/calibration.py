"""What a run finds out about the machine before its first trial: siblings, rates to offer."""

from dataclasses import dataclass, field

from bench.base import limits
from bench.model.work import duration

# A trial starts a supervisor, a server and a generator, and waits for the server's end. In the time
# that an interpreter takes to start with asyncio, measured here.
STARTS_PER_TRIAL = 4
# Two threads of one core share its units: together they do 1.2 to 1.4 times the work of one, so
# either is slowed by a third or more (Intel, Hyper-Threading Technology Architecture, 2002: 30 % on
# servers). Half of that, in both figures, is more than two such looks differ by here (8 %).
SLOWED = 0.85


@dataclass(frozen=True)
class Look:
    """What one short load found: replies/s, and the server's CPU time for each in µs."""

    throughput_rps: float
    cpu_us: float | None


@dataclass(frozen=True)
class Amount:
    """How much work on the CPU takes how long.

    python: the interpreter that it was measured under, empty for ours; kind, us: what was wanted
    count: turns or rounds that it comes to; took_us: that these took at the start of the run
    at_end_us: and at its end; None before
    """

    python: str
    kind: str
    us: float
    count: int
    took_us: float
    at_end_us: float | None = None

    @property
    def drift(self) -> float | None:
        """Return by what part it takes longer at the end than was wanted; None before."""
        return None if self.at_end_us is None else self.at_end_us / self.us - 1

    @property
    def name(self) -> str:
        """Return which work it is, and whose: `spin:100us`."""
        return f"{self.kind}:{duration(self.us)}" + (f" ({self.python})" if self.python else "")

    def in_words(self) -> str:
        """Return its count, and how long that took at the start and at the end."""
        unit = {"spin": "turns of a loop", "release": "rounds of a hash"}.get(self.kind, "times")
        end = "" if self.at_end_us is None else f", {duration(round(self.at_end_us, 1))} at the end"
        return f"{self.count:,} {unit}: {duration(round(self.took_us, 1))} at the start{end}"

    def drift_in_words(self) -> str:
        """Return what became of it where it has drifted beyond the limit; else nothing."""
        if self.drift is None or abs(self.drift) <= limits.WORK_DRIFT:
            return ""
        more = "more" if self.drift > 0 else "less"
        return (
            f"{self.name} took {abs(self.drift):.0%} {more} CPU time at the end of the run: the "
            "machine has changed its pace"
        )


@dataclass(frozen=True)
class Calibration:
    """What was found before the first trial.

    start_s: how long an interpreter takes to start, with asyncio
    spinning, sleeping: the native server under a generator that does one or the other; None where
        it was not looked at
    peaks_rps: by workload with a common rate, what each server reached with nothing held back
    rates_rps: the rate that is offered there
    amounts: the work on the CPU that its workloads ask for, measured out
    """

    start_s: float = 0.0
    spinning: Look | None = None
    sleeping: Look | None = None
    peaks_rps: dict[str, dict[str, float]] = field(default_factory=dict)
    rates_rps: dict[str, float] = field(default_factory=dict)
    amounts: tuple[Amount, ...] = ()

    @property
    def overhead_s(self) -> float:
        """Return what a trial takes beside its load: processes that start, and a server's end."""
        return STARTS_PER_TRIAL * self.start_s

    @property
    def hidden_siblings(self) -> bool | None:
        """Tell if the CPUs of the two sides look like threads of one core; None unknown."""
        return None if self.spinning is None or self.sleeping is None else self._slowed()

    def _slowed(self) -> bool:
        assert self.spinning is not None
        assert self.sleeping is not None
        slower = self.spinning.throughput_rps < SLOWED * self.sleeping.throughput_rps
        if self.spinning.cpu_us is None or self.sleeping.cpu_us is None:
            return slower
        return slower and self.sleeping.cpu_us < SLOWED * self.spinning.cpu_us

    def drifts(self) -> list[str]:
        """Return which work took another time at the end than it was to, a line each."""
        return [line for each in self.amounts if (line := each.drift_in_words())]

    def notices(self) -> list[str]:
        """Return what a person should know, a line each."""
        lines = []
        if self.hidden_siblings:
            assert self.spinning is not None
            assert self.sleeping is not None
            ratio = self.spinning.throughput_rps / self.sleeping.throughput_rps
            lines.append(
                f"machine: a generator that spins slows the server to {ratio:.0%}: the CPUs of the "
                "two sides seem to be threads of one core, which the hypervisor does not tell; "
                "choose others (--server-cpus, --generator-cpus), or compare with "
                "--generator-wait sleep"
            )
        for name, rate in self.rates_rps.items():
            if not self.peaks_rps[name]:
                lines.append(f"rate: {name} is offered {rate:g} requests/s: no server answered")
                continue
            slowest = min(self.peaks_rps[name], key=self.peaks_rps[name].__getitem__)
            peak = self.peaks_rps[name][slowest]
            lines.append(
                f"rate: {name} is offered {rate:,.0f} requests/s, which every server here can "
                f"carry (the slowest, {slowest}, reached {peak:,.0f})"
            )
        return lines
