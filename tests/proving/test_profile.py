"""Stacks and system calls, from what the tools print to what is drawn."""

import re

import pytest

from bench.proving.profile import result, tools
from bench.proving.profile.result import Profile, SideProfile
from bench.report.proof import flames


def test_stacks_are_read_and_what_is_none_is_left_out() -> None:
    text = "main (a.py);echo (a.py) 12\nmain (a.py);echo (a.py) 3\nsaid something\n\n"
    assert result.parse(text) == {"main (a.py);echo (a.py)": 15}


def test_a_function_has_the_part_in_which_it_ran_itself() -> None:
    shares = result.own({"main;echo": 30, "main": 10, "main;echo;read": 60})
    assert shares == {"echo": 0.3, "main": 0.1, "read": 0.6}
    assert result.own({}) == {}


def test_differences_are_told_largest_first_and_small_ones_not_at_all() -> None:
    a = {"main;x": 500, "main;y": 300, "main;z": 200}
    b = {"main;x": 502, "main;y": 98, "main;burn": 400}
    assert [each.function for each in result.differences(a, b)] == ["burn", "y", "z"]


SCRIPT = """python
\t    55d0c read
\t    55d0d [unknown]
\t    55d0e main

python
\t    55d0c read
\t    55d0d [unknown]
\t    55d0e main

swapper
\t    1 idle
"""


def test_perfs_samples_are_collapsed_from_the_outside_in() -> None:
    assert tools.collapsed(SCRIPT) == {"python;main;[unknown];read": 2, "swapper;idle": 1}
    assert tools.collapsed("") == {}


TABLE = """strace: Process 12 attached
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 63.12    0.101562           1     91277           sendto
 36.88    0.059338           0     91290        13 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.160900           0    182567        13 total
"""


def test_straces_table_is_read_with_errors_and_without() -> None:
    assert tools.counted(TABLE) == {"sendto": 91277, "recvfrom": 91290}


A = {"main;read": 60, "main;write": 40}
B = {"main;read": 60, "main;burn": 140}


def widths(svg: str, kind: str) -> list[float]:
    return sorted(float(w) for w in re.findall(rf'class="{kind}"[^>]* width="([\d.]+)"', svg))


def test_a_graph_is_as_wide_as_its_samples_and_marks_what_is_more() -> None:
    first, second = flames.both(Profile("kept", SideProfile(A), SideProfile(B), "perf"))
    assert widths(first, "frame") == [1000, 1000]
    assert widths(first, "more") == [400, 600]  # of the samples read has more in A
    assert widths(second, "more") == [700]


def test_on_one_scale_what_costs_the_same_is_as_wide() -> None:
    profile = Profile("kept", SideProfile(A), SideProfile(B), "perf")
    first, second = flames.both(profile, (10.0, 20.0))
    assert widths(first, "frame") == [300, 500, 500]  # read, and all of A
    assert widths(first, "more") == [200]  # write
    assert widths(second, "frame") == [300, 1000]  # read, and the ground on which all stands
    assert widths(second, "more") == [700, 1000]


def test_what_is_called_by_another_name_marks_nothing_but_itself() -> None:
    a, b = SideProfile({"old;read": 60, "old": 40}), SideProfile({"new;read": 60, "new": 40})
    first, second = flames.both(Profile("kept", a, b, "perf"))
    assert widths(first, "more") == widths(second, "more") == [1000]
    assert widths(first, "frame") == [600, 1000]


def test_a_function_that_calls_itself_counts_once() -> None:
    assert result.within({"main;f;f;f": 3, "main": 1}) == {"main": 1.0, "f": 0.75}


def test_without_samples_there_is_no_graph() -> None:
    assert flames.both(Profile("kept", SideProfile(), SideProfile())) == []


@pytest.mark.parametrize("name", ["<script>x</script>", "a & b"])
def test_a_function_is_no_markup(name: str) -> None:
    svg = str(flames.both(Profile("kept", SideProfile({name: 5}), SideProfile({name: 5}), "x"))[0])
    assert name not in svg


def test_deep_recursion_is_cut() -> None:
    deep = {";".join(f"f{at}" for at in range(3000)): 5}
    assert max(len(box.path) for box in flames.boxes_of(deep)) == flames.DEEPEST + 1
