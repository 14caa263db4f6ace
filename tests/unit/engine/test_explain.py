"""Reasons are sentences with the key, the old and the new value."""

from typing import Any

import pytest

from storiform.engine.explain import differences

OLD: dict[str, Any] = {
    "versions": {"t": 1}, "params": {"k": 1}, "resources": {"genes": "x"},
    "files": {"vcf": "x"}, "rows": {"dose": "x"}, "samples": {"tumour_exome": "a"},
    "record": {"response": "PR"},
    "build": "GRCh38", "inputs": {"calls": [["calls", "P1", "f"], ["calls", "P2", "g"]]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"versions": {"t": 2}}, ["version of t: 1 -> 2"]),
        ({"params": {"k": 2}}, ["params k: 1 -> 2"]),
        ({"params": {"k": 1, "new": 3}}, ["params new: None -> 3"]),
        ({"resources": {"genes": "y"}}, ["resources genes: the content changed"]),
        ({"files": {"vcf": "y"}}, ["files vcf: the content changed"]),
        ({"rows": {"dose": "y"}}, ["rows dose: the content changed"]),
        ({"samples": {"tumour_exome": "b"}}, ["samples tumour_exome: a -> b"]),
        ({"record": {"response": "PD"}}, ["clinical value response changed"]),
        ({"build": "GRCh37"}, ["build: GRCh38 -> GRCh37"]),
        (
            {"inputs": {"calls": [["calls", "P1", "h"], ["calls", "P2", "g"]]}},
            ["calls: 1 of 2 input tables change"],
        ),
        ({"inputs": {"calls": [["calls", "P1", "f"]]}}, ["calls: 1 units fewer"]),
        (
            {"inputs": {"calls": [*OLD["inputs"]["calls"], ["calls", "P3", "i"]]}},
            ["calls: 1 units more"],
        ),
    ],
)
def test_difference_of_recipes_is_told(change: dict[str, Any], told: list[str]) -> None:
    assert list(differences(OLD, OLD | change)) == told
