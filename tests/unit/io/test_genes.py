"""Names, lengths, sets and transcripts of genes, and the bundled tables of them."""

import gzip
import hashlib

import pytest

from storiform.io.gene_sets import read_gene_sets
from storiform.io.genes import (
    NameTable,
    read_gene_lengths,
    read_gene_names,
    read_mcp_markers,
    read_transcripts,
)
from storiform.io.resources import RESOURCES, bundled
from storiform.model.errors import InputError


def written(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


NAMES = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("7157", "TP53"),
        ("ENSG00000141510", "TP53"),
        ("ENSG00000141510.18", "TP53"),
        ("ENSG00000182378.15_PAR_Y", "PLCXD1"),
        ("ENSG00000141510.18_TP53", "TP53"),
        ("SDPR", "CAVIN2"),
        ("ELTD1", "ADGRL4"),
        ("CXorf36", "DIPK2B"),
        ("GAGE2", ""),  # of GAGE2A and GAGE2C
        ("C", ""),
        ("Trp53", ""),
        ("ENSMUSG00000059552", ""),
        ("", ""),
    ],
)
def test_genes_are_known_by_all_their_names(name, symbol):
    assert NAMES.symbols([name]) == [symbol]


def test_a_current_symbol_wins_over_an_alias(tmp_path):
    path = written(
        tmp_path,
        "entrez\tsymbol\tensembl\taliases\tname\n1\tAAA\tENSG1\tBBB,OLD,X\t\n"
        "2\tBBB\tENSG2\tX\t\n3\tCCC\t\t\t\n",
        "genes.tsv",
    )
    names = read_gene_names(path)
    assert isinstance(names, NameTable)
    assert names.symbols(["BBB", "OLD", "X", "3", "ENSG2.7"]) == [
        "BBB",
        "AAA",
        "",
        "CCC",
        "BBB",
    ]


def test_transcripts_come_from_a_gtf_or_from_two_columns(tmp_path):
    gtf = (
        '##x\nchr1\tH\tgene\t1\t9\t.\t+\t.\tgene_id "ENSG1.2"; gene_name "A";\n'
        'chr1\tH\ttranscript\t1\t9\t.\t+\t.\tgene_id "ENSG1.2"; transcript_id "ENST1.7";\n'
    )
    expected = {"ENST1": "ENSG1.2"}
    assert read_transcripts(written(tmp_path, gtf, "a.gtf")) == expected
    packed = gzip.compress(gtf.encode())
    assert read_transcripts(written(tmp_path, packed, "b.gtf.gz")) == expected
    assert read_transcripts(written(tmp_path, "ENST1.7,ENSG1.2\n", "t.csv")) == expected
    with pytest.raises(InputError, match="no transcript"):
        read_transcripts(written(tmp_path, "##x\n", "empty.gtf"))


def test_gene_sets_are_read_and_faults_are_told_by_line(tmp_path):
    path = written(tmp_path, "\ufeffA\tsource\tTP53\tMDM2\tTP53\t\nB\t\tCD8A\r\n", "s.gmt")
    assert read_gene_sets(path) == {"A": ("TP53", "MDM2"), "B": ("CD8A",)}
    for text, message in [
        ("A\tx\tTP53\nA\ty\tCD8A\n", "line 2: found set A again"),
        ("A x TP53\n", "line 1: found 'A x TP53'"),
        ("\n", "no gene set"),
    ]:
        with pytest.raises(InputError, match=message):
            read_gene_sets(written(tmp_path, text, "bad.gmt"))


def test_tables_of_lengths_and_markers_are_checked(tmp_path):
    path = written(tmp_path, "gene\tlength\tlength_source\nTP53\t0\tx\n", "l.tsv")
    with pytest.raises(InputError, match="row 2, column length: found '0'"):
        read_gene_lengths(path)
    with pytest.raises(InputError, match="Add population"):
        read_mcp_markers(path)
    header = "population\tsymbol_published\tsymbol\tentrez"
    strange = written(tmp_path, f"{header}\nT-cells\tCD5\tCD5\t921\n", "m.tsv")
    with pytest.raises(InputError, match="T-cells"):
        read_mcp_markers(strange)


def defaults(build):
    """Return name, reader and file of every bundled resource of a build."""
    return [
        (name, resource, bundled(resource.default.format(build=build)))
        for name, resource in RESOURCES.items()
        if resource.default
    ]


def test_bundled_resources_are_whole():
    read = {name: resource.read(path) for name, resource, path in defaults("GRCh38")}
    markers, sets = read["mcp_markers"], read["gene_sets"]
    assert markers["population"].nunique() == 10
    assert len(markers) == 111
    assert len(sets) == 68
    changed = markers[markers["symbol_published"] != markers["symbol"]]
    assert changed[["symbol_published", "symbol", "entrez"]].to_numpy().tolist() == [
        ["C", "CAVIN2", "8436"]
    ]
    lengths = read["gene_lengths"].set_index("gene")["length"]
    assert lengths.index.is_unique
    assert lengths["TP53"] == 2512  # ENST00000269305, MANE Select


def test_every_bundled_resource_is_the_one_that_sources_names():
    lines = bundled("reference/SOURCES.tsv").read_text().splitlines()
    named = {cells[0]: cells[-1] for cells in (line.split("\t") for line in lines[1:])}
    for _, _, path in [*defaults("GRCh37"), *defaults("GRCh38")]:
        name = f"{path.parent.name}/{path.name}"
        assert named[name] == hashlib.sha256(path.read_bytes()).hexdigest(), name
