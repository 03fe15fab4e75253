"""Whether something beside the server and the generator had a part in a trial."""

from bench.records import Trial

# Shares of the CPU time of one side of a trial.
OTHERS_SHARE = 0.10
# What the hypervisor withheld is lost at moments of its own choice.
STOLEN_SHARE = 0.03
# A server's figures follow the clock: this much in one of its CPUs, and they are of two machines.
FREQUENCY_CHANGE = 0.10

SIDES = {"server": "the server's side", "generator": "the generator's side", "both": "both sides"}


def disturbance(trial: Trial) -> str:
    """Return what disturbed a trial, in words; empty if nothing did."""
    told = [
        f"{who} {share:.0%} of the CPU time of {SIDES[side]} (limit {limit:.0%})"
        for who, limit, shares in (
            ("others used", OTHERS_SHARE, trial.others or {}),
            ("the hypervisor took", STOLEN_SHARE, trial.stolen or {}),
        )
        for side, share in shares.items()
        if share > limit
    ]
    change = frequency_change(trial)
    if change is not None and abs(change) > FREQUENCY_CHANGE:
        told.append(f"the clock of a CPU changed by {change:+.0%} (limit {FREQUENCY_CHANGE:.0%})")
    return "; ".join(told)


def frequency_change(trial: Trial) -> float | None:
    """Return the largest change of a CPU's frequency across the window, as a fraction of the first.

    None where the machine does not tell frequencies.
    """
    mhz = trial.frequencies_mhz or {"open": [], "close": []}
    pairs = zip(mhz["open"], mhz["close"], strict=True)
    changes = [after / before - 1 for before, after in pairs if before]
    return max(changes, key=abs, default=None)
