"""What a run finds out about the machine before its first trial: siblings, rates to offer."""

from dataclasses import dataclass, field

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
class Calibration:
    """What was found before the first trial.

    start_s: how long an interpreter takes to start, with asyncio
    spinning, sleeping: the native server under a generator that does one or the other; None where
        it was not looked at
    peaks_rps: by workload with a common rate, what each server reached with nothing held back
    rates_rps: the rate that is offered there
    """

    start_s: float = 0.0
    spinning: Look | None = None
    sleeping: Look | None = None
    peaks_rps: dict[str, dict[str, float]] = field(default_factory=dict)
    rates_rps: dict[str, float] = field(default_factory=dict)

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
