"""The files of a proof: written when it is found, and again when its run has changed."""

from collections.abc import Sequence

from bench.base.gaps import Gaps
from bench.comparing import gates
from bench.comparing.gates import Judgement
from bench.model.run import Run
from bench.proving import gating
from bench.proving import proof as proving
from bench.proving.proof import Proof
from bench.report.proof import document
from bench.store import reading, run_folder

MARKDOWN, JSON, PAGE = "ab.md", "ab.json", "ab.html"


def write(run: Run, shown: Proof, judged: Sequence[Judgement], gaps: Gaps) -> str:
    """Write what is to be pasted, the page and the document; return the last of them."""
    text = document.document(shown, judged)
    made = {MARKDOWN: document.markdown(shown), JSON: text, PAGE: document.html(shown)}
    for name, each in made.items():
        with gaps.part(name):
            run_folder.write_report(run.folder, name, each.encode())
    return text


def renew(run: Run, gaps: Gaps) -> None:
    """Write them again of a run that has some: blocks may have been added since."""
    with gaps.part(JSON):
        before = reading.beside(run.folder, JSON, Proof)
        if before is not None:
            limits = [gates.parse(text) for text in before.limits]
            gating.check(limits)
            shown = proving.again(run, before, limits)
            judged = gating.judge(shown.b.name, shown.findings, limits)
            write(run, shown, judged, gaps)
