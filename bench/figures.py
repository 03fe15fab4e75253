"""What a trial came out with: its figures by the name of their column."""

from typing import Any

from bench import steadiness
from bench.records import Trial

PERCENTILES = ("p50", "p90", "p99", "p999", "max")
# What a cell takes from its trials: the geometric mean of these,
MEANS = (
    *("throughput_rps", *(f"{name}_us" for name in PERCENTILES)),
    *("send_lag_p99_us", "connect_p99_us", "cpu_us_per_request", "ctx_switches_per_request"),
    *("memory_mib", "effective_concurrency", "fairness_jain", "achieved_rps"),
)
# the total of these, and the largest of this.
TOTALS = ("errors", "censored", "lost", "duplicated", "reordered")
LARGEST = ("connections_without_reply",)
# What a trial went through, beside its figures.
SURROUNDINGS = (
    *("course", "settled_s", "others_share", "stolen_share", "forced_switches"),
    *("frequency_open_mhz", "frequency_close_mhz", "server_end"),
)


# A span between two looks that is shorter than this part of the window is another window.
SPAN_LEAST = 0.5


def of(trial: Trial) -> dict[str, Any]:
    """Return the figures of a trial by column; None where it has none."""
    load = trial.load
    if load is None:
        return {}
    found = {f"{name}_us": load["response_us"][name] for name in PERCENTILES}
    found |= {name: load[name] for name in ("throughput_rps", "effective_concurrency")}
    found |= {name: load[name] for name in ("fairness_jain", "achieved_rps", "censored")}
    found |= {name: load[name] for name in ("lost", "duplicated", "reordered", *LARGEST)}
    found["errors"] = load["mismatches"] + load["errors"]
    found["send_lag_p99_us"] = load["send_lag_us"]["p99"]
    found["connect_p99_us"] = load["connect_us"]["p99"]
    return found | _resources(trial, load["throughput_rps"], load["window_s"])


def _resources(trial: Trial, throughput_rps: float, window_s: float) -> dict[str, Any]:
    """Return what the server's tree used, per request answered.

    Nothing per request where the counters stood still or went back, or were read twice at the same
    end of the window, as a house does that was stopped.
    """
    usage = trial.server_usage
    if usage is None:
        return {}
    found: dict[str, Any] = {}
    if usage.pss_bytes is not None:
        found["memory_mib"] = usage.pss_bytes / 2**20
    requests = _requests_watched(trial, throughput_rps)
    if requests > 0 and usage.cpu_s > 0 and usage.span_s >= SPAN_LEAST * window_s:
        found["cpu_us_per_request"] = usage.cpu_s * 1e6 / requests
        if usage.ctx_switches is not None:
            found["ctx_switches_per_request"] = usage.ctx_switches / requests
    return found


def _requests_watched(trial: Trial, throughput_rps: float) -> float:
    """Return the replies between the two looks at the server's CPU.

    Earlier versions did not count them: there they are what the window's rate makes of the span.
    """
    watched = (trial.load or {}).get("watched")
    if watched:
        return float(watched["replies"])
    return trial.server_usage.span_s * throughput_rps if trial.server_usage else 0.0


def around(trial: Trial) -> dict[str, Any]:
    """Return what a trial went through: its course, and what beside it used the machine.

    settled_s counts from the opening of the window; the shares are of the side that was worse off;
    frequencies are means over the trial's CPUs.
    """
    course = steadiness.course(trial)
    mhz = {when: sum(each) / len(each) for when, each in (trial.frequencies_mhz or {}).items()}
    return {
        "course": course.name,
        "settled_s": course.settled_s,
        "others_share": max(trial.others.values()) if trial.others else None,
        "stolen_share": max(trial.stolen.values()) if trial.stolen else None,
        "forced_switches": (trial.load or {}).get("generator", {}).get("forced_switches"),
        "frequency_open_mhz": mhz.get("open"),
        "frequency_close_mhz": mhz.get("close"),
        "server_end": trial.server_end,
    }
