"""The numbers that decide what is steady, what differs, and how long a run goes on.

Printed and quoted with those of `limits.py`.
"""

from bench.base.limit import Limit, table

# Of the course of a trial

DRIFT = Limit(
    0.10,
    "of the median",
    "A drift is a Theil-Sen slope that changes the level by more than this from end to end.",
    "Sen 1968 for the slope; its size is chosen",
)
CHANCE = Limit(
    0.01,
    "p",
    "And a trend that is as clear as this.",
    "Mann 1945 and Kendall for the test; its level is chosen",
)
POINTS_LEAST = Limit(
    10,
    "steps of 100 ms",
    "Of five points no order has p below 0.01, and of few more one outlier decides.",
    "arithmetic: 2 / 5! is 0.017",
)
SEGMENT_LEAST = Limit(
    5,
    "steps of 100 ms",
    "A change of level lasts half a second at least.",
    "chosen, with the penalty",
)
PENALTY = Limit(
    6,
    "times ln n, of the noise's variance",
    "What a change of level costs: of 1,800 series of pure noise (2 and 10 %, 20 to 100 points) 3 "
    "are not called steady.",
    "measured",
)

MODES_FROM = Limit(
    15,
    "trials",
    "Of fewer nobody can tell whether they fall into two groups.",
    "simulated: of ten normal values 7 % would, at the limit below",
)
MODES_GAP = Limit(
    2.5,
    "standard deviations within the groups",
    "A gap between two groups of trials that is wider is none by chance.",
    "simulated: 1.4 % of fifteen normal values, 0.3 % of twenty; a slow mode of 25 % in 15 % of "
    "trials is found in two of three sets of fifteen",
)

# Of intervals and comparisons

LEVEL = Limit(
    0.95,
    "confidence",
    "Of the intervals that are shown.",
    "the custom of the field",
)
ERROR = Limit(
    0.05,
    "chance",
    "Of calling any two servers of a workload different, or any cell of two runs changed, where "
    "none is: over all of them together.",
    "the custom of the field; Holm 1979, Bonferroni",
)
BOOTSTRAP_FROM = Limit(
    50,
    "trials",
    "With fewer the bootstrap's intervals are too narrow: on 240 real pairs of a server and its "
    "twin, at 5 % asked, BCa calls them different in 12.7 % of ten blocks, 9.3 % of twenty, 6.7 % "
    "of fifty and 4.5 % of a hundred; Student's t in 4 to 6 % of any number.",
    "measured",
)
RESAMPLES_BEYOND = Limit(
    20,
    "resamples",
    "At a level with fewer of them beyond it, Student's t is used as well.",
    "order statistics",
)
OWN_BELOW = Limit(
    5,
    "blocks",
    "With fewer a pair has its own noise alone: what servers tell of each other's is too "
    "uncertain, and calls equal ones different in 9 to 15 % of runs, at 5 % asked.",
    "simulated: tests/simulation",
)
PRIOR_SERVERS = Limit(
    4,
    "servers",
    "With fewer there is no common variance of a workload to be estimated.",
    "simulated: with three, 7 to 9 % instead of 5",
)
DOUBT = Limit(
    0.5,
    "chance",
    "A server whose noise would be this likely, or less, if it were the common one, is drawn to "
    "that in proportion only.",
    "simulated: at 0.2 equal servers are called different in up to 8 %, at 0.5 in 5 to 7 %",
)
LOOKS = Limit(
    2,
    "power of the number of looks",
    "A run to which blocks were added after a look is tested at the error asked over the number of "
    "looks, squared: whoever adds until two servers are apart has a chance at every look, and all "
    "of them together come to 1.65 times the error asked, at most.",
    "a union bound: the sum of 1 / n^2 is 1.645",
)
DEPENDENCE_FROM = Limit(
    10,
    "blocks",
    "Fewer do not tell whether a block is like the one before.",
    "order statistics: the error of a correlation is one over the root of their number",
)
DEPENDENCE = Limit(
    1.28,
    "standard errors",
    "A correlation of neighbouring blocks beyond this widens every interval, by its upper end.",
    "simulated: of independent blocks one run in ten is widened; with 1.64 those of 0.15 pass",
)
EQUIVALENT = Limit(
    0.03,
    "of the figure",
    "Two servers are called equivalent if the whole interval of their ratio is this near to 1.",
    "chosen: `bench report --margin` takes another",
)
POWER = Limit(
    0.80,
    "chance",
    "Of showing the difference that is said to be one this run would have shown.",
    "the custom of the field (Cohen 1988)",
)
WANTED = Limit(
    0.05,
    "of the figure",
    "The difference for which the blocks that it would take are told.",
    "chosen",
)
EFFECT = Limit(
    2,
    "times the noise of a block",
    "`bench ab` looks for differences of about this size first. Others are found as surely, and "
    "take longer: the interval holds for all.",
    "simulated: of 1, 2 and 4 it takes the fewest blocks, or one more, for differences of once to "
    "four times the noise",
)
LOOK_FROM = Limit(
    5,
    "blocks",
    "Before the first look of `bench ab`.",
    "chosen: of fewer a standard deviation says little",
)
WANTED_AB = Limit(
    0.03,
    "of the figure",
    "The difference for which `bench ab` tells the blocks that it would take.",
    "chosen: as near as servers are called equivalent",
)
DRIFT_CELLS = Limit(
    3,
    "cells",
    "So many that all moved the same way speak of the machine.",
    "chosen: it is said, and decides nothing",
)
DRIFT_LEAST = Limit(
    0.03,
    "of the figure",
    "And by this much at least.",
    "chosen",
)
NEIGHBOURS_LEAST = Limit(
    3,
    "neighbours",
    "Over all cells, so many runs beside the one before tell `bench history` what runs differ by "
    "without a change; of fewer it marks no step.",
    "simulated: of 3 a step is marked in up to 3 % of histories without one; by trials alone, "
    "where runs differ by 1 %, in 26 % and more",
)

# Of a run

BLOCKS_LEAST = Limit(
    8,
    "blocks",
    "`--until` wants so many before it believes that an interval is narrow.",
    "chosen: looked at after each block, an interval of few is narrow by luck",
)
EXTRA = Limit(
    0.25,
    "of the time planned under load",
    "For blocks that were disturbed and are measured again.",
    "chosen",
)
EXTRA_UNTIL = Limit(
    3,
    "times the time planned under load",
    "With `--until`, for blocks that make intervals narrower: four times the blocks, half the "
    "width.",
    "the root of n",
)

# Of a run that others are to believe

PUBLISHED_BLOCKS = Limit(
    10,
    "blocks",
    "Of five, an interval is 1.7 times as wide.",
    "Student's t of 2.26 and of 2.78 over the square root of blocks; the number is asked for",
)
PUBLISHED_FLOOR = Limit(
    0.03,
    "beyond chance, of a server and its twin",
    "What is published tells servers apart that differ by a few per cent.",
    "the margin within which servers are called equivalent",
)
PUBLISHED_NOISY = Limit(
    0.10,
    "of the cells",
    "One or two may be hit by a minute that was not quiet; of more the page is full of hatches.",
    "chosen",
)

TABLE = table(globals())
