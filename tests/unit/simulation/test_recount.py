"""The files say what the truth says: recounted by readers that share nothing with it."""

import csv
import gzip
from pathlib import Path

NONSYNONYMOUS = {
    "missense_variant", "stop_gained", "frameshift_variant", "inframe_deletion",
    "splice_donor_variant", "splice_acceptor_variant", "start_lost", "stop_lost",
    "Missense_Mutation", "Nonsense_Mutation", "Frame_Shift_Del", "Frame_Shift_Ins",
    "In_Frame_Del", "Splice_Site", "Translation_Start_Site", "Nonstop_Mutation",
}  # fmt: skip
CODING = NONSYNONYMOUS | {"synonymous_variant", "Silent"}


def rows_of(path, separator):
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return list(csv.DictReader(text.splitlines(), delimiter=separator))


def covered_bases(path):
    covered = set()
    for line in Path(path).read_text().splitlines():
        contig, start, end, _ = line.split("\t")
        covered |= {(contig, base) for base in range(int(start), int(end))}
    return covered


def is_somatic(tumour, normal, frequency, covered, place):
    """Judge by the numbers alone; each pair is (alternative reads, depth)."""
    return (
        place in covered
        and (frequency or 0) <= 0.001
        and tumour[1] >= 14
        and normal[1] >= 8
        and tumour[0] >= 3
        and tumour[0] / tumour[1] >= 0.05
        and not (normal[0] >= 2 and normal[0] / normal[1] >= 0.02)
    )


def counts_of_vcf(path, covered, names):
    """Return nonsynonymous and coding calls; `names` are tumour and normal of the sheet."""
    consequence_of, columns = [], []
    found = [0, 0]
    for line in path.read_text().splitlines():
        if line.startswith("##INFO=<ID=CSQ"):
            consequence_of = line.split("Format: ")[1].rstrip('">').split("|")
        elif line.startswith("#CHROM"):
            columns = line.split("\t")[9:]
        elif not line.startswith("#"):
            for terms in _of_record(line, columns, consequence_of, covered, names):
                found[0] += terms in NONSYNONYMOUS
                found[1] += terms in CODING
    return tuple(found)


def _of_record(line, columns, csq_names, covered, names):
    contig, position, _, ref, alts, _, passed, info, keys, *texts = line.split("\t")
    samples = dict(zip(columns, texts, strict=True))
    tumour = samples.get(names[0]) or samples["TUMOR"]
    normal = samples.get(names[1]) or samples["NORMAL"]
    csq = info.split("CSQ=")[1].split(",")
    entries = [dict(zip(csq_names, e.split("|"), strict=True)) for e in csq]
    for number, alt in enumerate(alts.split(",")):
        allele = alt if len(ref) == len(alt) else alt[1:] or "-"
        own = [e for e in entries if e["Allele"] == allele]
        chosen = [e for e in own if e["CANONICAL"] == "YES"] or own
        frequency = float(chosen[0]["gnomADe_AF"] or 0)
        pair = [reads_of(keys, text, ref, alt, number) for text in (tumour, normal)]
        place = (contig, int(position) - 1)
        if passed == "PASS" and is_somatic(*pair, frequency, covered, place):
            yield chosen[0]["Consequence"]


def reads_of(keys, text, ref, alt, number):
    """Return alternative reads and depth from AD, or from Strelka2's own fields."""
    values = dict(zip(keys.split(":"), text.split(":"), strict=True))
    depth = int(values["DP"])
    if "AD" in values:
        return int(values["AD"].split(",")[number + 1]), depth
    field = "TIR" if len(ref) != len(alt) else f"{alt}U"
    return int(values[field].split(",")[0]), depth


def counts_of_maf(path, covered, sample):
    found = [0, 0]
    for row in rows_of(path, "\t"):
        if row["Tumor_Sample_Barcode"] != sample or row["FILTER"] != "PASS":
            continue
        tumour = int(row["t_alt_count"]), int(row["t_depth"])
        normal = int(row["n_alt_count"]), int(row["n_depth"])
        place = (row["Chromosome"], int(row["Start_Position"]) - 1)
        if is_somatic(tumour, normal, float(row["gnomAD_AF"] or 0), covered, place):
            found[0] += row["Variant_Classification"] in NONSYNONYMOUS
            found[1] += row["Variant_Classification"] in CODING
    return tuple(found)


def recounted(folder):
    covered = covered_bases(folder / "targets.bed")
    sheet = rows_of(folder / "samples.csv", ",")
    normals = {row["patient"]: row["sample"] for row in sheet if row["status"] == "0"}
    found = {}
    for row in sheet:
        names = row["sample"], normals.get(row["patient"])
        if row["status"] == "1" and row["patient"].startswith("P"):
            if row["vcf"]:
                found[row["sample"]] = counts_of_vcf(folder / row["vcf"], covered, names)
            else:
                found[row["sample"]] = counts_of_maf(folder / row["maf"], covered, names[0])
    return found, len(covered)


def test_a_naive_reader_counts_what_was_planted(trial):
    folder, truth = trial
    found, bases = recounted(folder)
    planted = truth.tmb.set_index("sample")
    assert set(found) == set(planted.index)
    for sample, (nonsynonymous, coding) in found.items():
        assert nonsynonymous == planted.loc[sample, "mutations_nonsynonymous"], sample
        assert coding == planted.loc[sample, "mutations_coding"], sample
    assert (planted["megabases"] * 1e6 == bases).all()


def test_every_source_of_calls_is_there(trial):
    _, truth = trial
    assert set(truth.tmb["source"]) == {"mutect2", "strelka2", "muse", "maf"}


def test_each_kind_of_call_that_must_not_count_is_planted(trial):
    _, truth = trial
    kinds = truth.calls["planted_as"].value_counts()
    assert (kinds >= 20).all()
    assert len(kinds) == 12
    counted = truth.calls[truth.calls["counts_nonsynonymous"]]
    assert set(counted["planted_as"]) == {"somatic"}


def test_no_two_calls_of_a_biopsy_share_a_codon(trial):
    _, truth = trial
    places = truth.calls.drop_duplicates(["biopsy", "contig", "start"])
    gaps = places.sort_values(["biopsy", "contig", "start"]).groupby(["biopsy", "contig"])
    assert (gaps["start"].diff().dropna() >= 3).all()


def test_columns_of_the_samples_stand_in_either_order(trial):
    folder, _ = trial
    orders = set()
    for path in sorted((folder / "vcf").glob("*.vcf")):
        head = next(x for x in path.read_text().splitlines() if x.startswith("#CHROM"))
        first = head.split("\t")[9]
        orders.add("normal" if first == "NORMAL" or first.endswith("_N") else "tumour")
    assert orders == {"normal", "tumour"}


def test_the_matrix_holds_the_drawn_fragments(trial):
    folder, truth = trial
    rows = rows_of(folder / "counts.csv.gz", ",")
    library = truth.library.set_index("sample")["fragments"]
    samples = [name for name in rows[0] if name != "gene"]
    for sample in samples[:5]:
        assert sum(int(row[sample]) for row in rows) == library[sample]
    salmon = {row["sample"] for row in rows_of(folder / "samples.csv", ",")
              if row["counts"].startswith("salmon")}  # fmt: skip
    assert set(samples) | salmon == set(library.index)
    assert 6000 <= len(rows) <= 12000


def test_what_is_missing_is_missing(trial):
    folder, truth = trial
    missing = set(map(tuple, truth.missing[["patient", "what"]].to_numpy()))
    sheet = rows_of(folder / "samples.csv", ",")
    clinic = {row["patient"]: row for row in rows_of(folder / "clinical.csv", ",")}
    for patient in (name for name in clinic if name.startswith("P")):
        statuses = {row["status"] for row in sheet if row["patient"] == patient}
        assert ((patient, "exome") in missing) == ("1" not in statuses)
        assert ((patient, "rna") in missing) == ("2" not in statuses)
        for column, value in clinic[patient].items():
            assert ((patient, column) in missing) == (value == "")
    assert {what for _, what in missing} >= {"exome", "rna", "response", "evaluable response"}
