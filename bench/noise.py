"""Whether something beside the server and the generator had a part in a trial."""

from bench.records import Trial

# Shares of the trial's CPU time. The kernel counts in ticks of 10 ms and the house itself wakes
# twice: on a quiet machine 1 to 4 % of a window of half a second, so the limit lies above that.
OTHERS_SHARE = 0.10
# What the hypervisor withheld is lost to both sides at moments of its own choice.
STOLEN_SHARE = 0.03


def disturbance(trial: Trial, cpus: int) -> str:
    """Return what disturbed a trial on this many CPUs, in words; empty if nothing did."""
    if trial.load is None:
        return ""
    available_s = trial.load["window_s"] * cpus
    shares = {
        "others used": ((trial.others_cpu_s or 0.0) / available_s, OTHERS_SHARE),
        "the hypervisor took": ((trial.stolen_s or 0.0) / available_s, STOLEN_SHARE),
    }
    return "; ".join(
        f"{who} {share:.0%} of the CPU time (limit {limit:.0%})"
        for who, (share, limit) in shares.items()
        if share > limit
    )
