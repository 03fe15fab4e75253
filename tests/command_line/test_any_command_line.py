"""Any command line has an answer: work, or one line; `make fuzz` tries thousands."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.support import command_lines

TRIES = 250


def test_each_of_many_command_lines_has_an_answer(tmp_path: Path) -> None:
    command_lines.furnish(tmp_path)

    @settings(
        max_examples=TRIES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(command_lines.lines())
    def try_one(line: tuple[str, list[str]]) -> None:
        assert command_lines.complaint(*line) == ""

    with command_lines.without_work(tmp_path):
        try_one()


def test_every_option_of_every_command_is_drawn() -> None:
    reached: set[str] = set()

    @settings(max_examples=1500, derandomize=True, database=None, deadline=None)
    @given(command_lines.lines())
    def note(line: tuple[str, list[str]]) -> None:
        reached.update(word.partition("=")[0] for word in line[1])

    note()
    flags = {
        flag
        for _, _, params in command_lines.commands()
        for param in params
        if param.param_type_name == "option"
        for flag in param.opts
    }
    assert flags <= reached
