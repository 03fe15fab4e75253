"""Every variant keeps the contract under every interpreter that has its packages."""

import os
from dataclasses import replace

import pytest

from bench.authoring import contract
from bench.launch.launcher import Allotment
from bench.model.interpreter import Interpreter
from bench.model.server import ServerSpec
from servers import discovery

pytestmark = pytest.mark.usefixtures("many_descriptors")
FAIR = Allotment(cpus=tuple(sorted(os.sched_getaffinity(0))), pool_size=2)
TRANSPORT = {"stream": "tcp", "datagram": "udp"}
VARIANTS = discovery.discover().values()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: f"{each.name}-{each.kind}")
def test_a_variant_keeps_the_contract(python: Interpreter, variant: discovery.Variant) -> None:
    loud = replace(python, words=(*python.words, "-W", "always"))  # `prints nothing` sees it
    spec = ServerSpec(variant.name, variant.family, variant, python=loud)
    if missing := spec.missing():
        pytest.skip(f"needs {', '.join(missing)}")
    outcomes = contract.run(spec, TRANSPORT[variant.kind], FAIR)
    assert {each.check: each.detail for each in outcomes if not each.passed} == {}
