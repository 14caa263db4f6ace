"""VCF text as Mutect2, Strelka2 and MuSE write it, annotated as VEP does."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from storiform.model.genome import LENGTHS
from storiform.simulation.mutations import Call, Mutations

CSQ_FIELDS = (
    "Allele", "Consequence", "IMPACT", "SYMBOL", "Gene", "Feature_type", "Feature", "BIOTYPE",
    "HGVSc", "HGVSp", "Codons", "CANONICAL", "MANE_SELECT", "gnomADe_AF",
)  # fmt: skip
_IMPACT = {
    "missense_variant": "MODERATE", "inframe_deletion": "MODERATE", "synonymous_variant": "LOW",
    "intron_variant": "MODIFIER", "intergenic_variant": "MODIFIER",
}  # fmt: skip
_REJECTED = {"mutect2": "weak_evidence;strand_bias", "strelka2": "LowEVS", "muse": "Tier5"}
_FORMATS = {
    "AD": "R,Integer,Reads of each allele", "DP": "1,Integer,Depth", "GT": "1,String,Genotype",
    "AF": "A,Float,Share of reads", "AU": "2,Integer,A reads of tiers 1 and 2",
    "CU": "2,Integer,C reads of tiers 1 and 2", "GU": "2,Integer,G reads of tiers 1 and 2",
    "TU": "2,Integer,T reads of tiers 1 and 2", "FDP": "1,Integer,Filtered bases",
    "TAR": "2,Integer,Reads without the indel", "TIR": "2,Integer,Reads with the indel",
    "BQ": ".,Integer,Base quality of each allele", "SS": "1,Integer,Somatic status",
    "PGT": "1,String,Phased genotype", "PID": "1,String,Phase group",
    "PS": "1,Integer,Place of the first of a phase group",
}  # fmt: skip
_FIELDS = {
    "mutect2": ("GT", "AD", "AF", "DP"),
    "strelka2": ("DP", "FDP", "AU", "CU", "GU", "TU", "TAR", "TIR"),
    "muse": ("GT", "DP", "AD", "BQ", "SS"),
}
_PHASE = ("PGT", "PID", "PS")
"""What Mutect2 adds to records that it saw on one molecule."""
_COMMAND = {
    "mutect2": "##source=Mutect2", "strelka2": "##source=strelka", "muse": "##MuSE_version=2.0",
}  # fmt: skip

Counts = tuple[int, Sequence[int]]
"""Reads with the reference allele, and with each alternative."""


def vcf_text(mutations: Mutations, lengths: Mapping[str, int] = LENGTHS["GRCh38"]) -> str:
    """Write the calls of one biopsy as its caller would, records in order of the genome.

    Mutect2 names its columns by the samples, says in the header which is the tumour, and
    marks calls of one molecule; Strelka2 puts the normal first, MuSE the tumour. Every second
    Mutect2 file has the normal first. `lengths` are those of the contigs, in bp.
    """
    caller, biopsy = mutations.caller, mutations.biopsy
    header = [
        "##fileformat=VCFv4.2",
        _COMMAND[caller],
        '##FILTER=<ID=PASS,Description="All filters passed">',
    ]
    header += [
        f'##FILTER=<ID={name},Description="Filtered by the caller">'
        for name in _REJECTED[caller].split(";")
    ]
    header += [f"##contig=<ID={contig},length={length}>" for contig, length in lengths.items()]
    header.append('##INFO=<ID=SOMATIC,Number=0,Type=Flag,Description="Somatic mutation">')
    if caller == "mutect2":
        told = "negative log 10 population allele frequencies of alt alleles"
        header.append(f'##INFO=<ID=POPAF,Number=A,Type=Float,Description="{told}">')
    if mutations.is_annotated:
        told = "Consequence annotations from Ensembl VEP. Format: " + "|".join(CSQ_FIELDS)
        header.append(f'##INFO=<ID=CSQ,Number=.,Type=String,Description="{told}">')
    is_phased = caller == "mutect2" and any(call.phase for call in mutations.calls)
    for name in (*_FIELDS[caller], *(_PHASE if is_phased else ())):
        number, kind, told = _FORMATS[name].split(",", 2)
        line = f'##FORMAT=<ID={name},Number={number},Type={kind},Description="{told}">'
        header.append(line)
    columns = ["TUMOR", "NORMAL"]
    is_normal_first = caller == "strelka2"
    if caller == "mutect2":
        columns = [biopsy.dna_sample, biopsy.normal_sample]
        is_normal_first = biopsy.number % 2 == 1
        header += [f"##tumor_sample={columns[0]}", f"##normal_sample={columns[1]}"]
    columns = columns[::-1] if is_normal_first else columns
    fixed = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
    header.append("\t".join([*fixed, *columns]))
    records = groupby(mutations.calls, key=lambda call: (call.contig, call.start, call.ref))
    lines = [
        _record(list(group), mutations, is_normal_first=is_normal_first) for _, group in records
    ]
    return "\n".join([*header, *lines]) + "\n"


def _record(calls: list[Call], mutations: Mutations, *, is_normal_first: bool) -> str:
    caller = mutations.caller
    first = min(calls, key=lambda call: not call.is_counted)
    calls.sort(key=lambda call: call is not first)
    alts = [call.alt for call in calls]
    tumour_alt = [call.tumour_alt for call in calls]
    normal_alt = [call.normal_alt for call in calls]
    tumour = (first.tumour_depth - sum(tumour_alt), tumour_alt)
    normal = (first.normal_depth - sum(normal_alt), normal_alt)
    keys, tumour_text, normal_text = _samples(first.ref, alts, caller, tumour, normal)
    if first.phase and caller == "mutect2":
        keys, tumour_text, normal_text = _phased(first.phase, keys, tumour_text, normal_text)
    texts = [normal_text, tumour_text] if is_normal_first else [tumour_text, normal_text]
    passed = all(call.planted_as != "not_pass" for call in calls)
    info = "SOMATIC" if caller != "mutect2" else f"POPAF={_popaf(calls)}"
    if mutations.is_annotated:
        info += ";CSQ=" + ",".join(entry for call in calls for entry in _csq(call))
    fixed = [first.contig, str(first.start + 1), ".", first.ref, ",".join(alts), "."]
    filtered = "PASS" if passed else _REJECTED[caller]
    return "\t".join([*fixed, filtered, info, ":".join(keys), *texts])


def _popaf(calls: list[Call]) -> str:
    frequencies = [5e-8 if np.isnan(c.population_af) else c.population_af for c in calls]
    return ",".join(f"{-np.log10(value):.2f}" for value in frequencies)


def _samples(
    ref: str, alts: list[str], caller: str, tumour: Counts, normal: Counts
) -> tuple[Sequence[str], str, str]:
    """Return the FORMAT keys of a record and the text of both samples."""
    if caller == "mutect2":
        texts = (_mutect(tumour, is_tumour=True), _mutect(normal, is_tumour=False))
        return _FIELDS[caller], *texts
    if caller == "muse":
        return _FIELDS[caller], _muse(tumour, is_tumour=True), _muse(normal, is_tumour=False)
    if len(ref) != len(alts[0]):
        return ("DP", "TAR", "TIR"), _strelka_indel(tumour), _strelka_indel(normal)
    keys = ("DP", "FDP", "AU", "CU", "GU", "TU")
    return keys, _strelka_snv(ref, alts, tumour), _strelka_snv(ref, alts, normal)


def _phased(
    phase: str, keys: Sequence[str], tumour: str, normal: str
) -> tuple[Sequence[str], str, str]:
    """Write the phase of a record into both samples: the allele is on the second molecule."""
    told = f"0|1:{phase}:{phase.partition('_')[0]}"
    texts = [
        f"{genotype}{text[3:]}:{told}" for genotype, text in (("0|1", tumour), ("0|0", normal))
    ]
    return (*keys, *_PHASE), texts[0], texts[1]


def _mutect(counts: Counts, *, is_tumour: bool) -> str:
    ref, alts = counts
    depth = ref + sum(alts)
    shares = ",".join(f"{alt / depth:.3f}" for alt in alts)
    genotype = "/".join(map(str, range(len(alts) + 1))) if is_tumour else "0/0"
    return f"{genotype}:{','.join(map(str, (ref, *alts)))}:{shares}:{depth}"


def _muse(counts: Counts, *, is_tumour: bool) -> str:
    ref, alts = counts
    genotype, status = ("0/1", "2") if is_tumour else ("0/0", ".")
    return f"{genotype}:{ref + sum(alts)}:{ref},{alts[0]}:35,34:{status}"


def _strelka_snv(ref: str, alts: list[str], counts: Counts) -> str:
    reads = (
        dict.fromkeys("ACGT", 0) | {ref: counts[0]} | dict(zip(alts, counts[1], strict=True))
    )
    tiers = ":".join(f"{reads[base]},{reads[base] + (reads[base] > 0)}" for base in "ACGT")
    return f"{sum(reads.values())}:0:{tiers}"


def _strelka_indel(counts: Counts) -> str:
    reference, alternative = counts[0], counts[1][0]
    return f"{reference + alternative}:{reference},{reference}:{alternative},{alternative}"


def _csq(call: Call) -> list[str]:
    """Return the entries of one allele: the chosen transcript and a neighbour's."""
    allele = call.alt if len(call.ref) == len(call.alt) else call.alt[1:] or "-"
    impact = _IMPACT.get(call.consequence, "HIGH")
    if not call.gene:
        values = {"Allele": allele, "Consequence": call.consequence, "IMPACT": impact}
        return [_entry(values)]
    number = call.ensembl.removeprefix("ENSG")
    frequency = "" if np.isnan(call.population_af) else f"{call.population_af:g}"
    chosen = {
        "Allele": allele, "Consequence": call.consequence, "IMPACT": impact,
        "SYMBOL": call.gene, "Gene": call.ensembl, "Feature_type": "Transcript",
        "Feature": f"ENST{number}", "BIOTYPE": "protein_coding", "Codons": call.codons,
        "HGVSp": f"ENSP{number}.1:{call.hgvsp.replace('=', '%3D')}" if call.hgvsp else "",
        "CANONICAL": "YES", "MANE_SELECT": f"NM_{number[-6:]}.1", "gnomADe_AF": frequency,
    }  # fmt: skip
    other = {
        **chosen, "Consequence": "non_coding_transcript_exon_variant", "IMPACT": "MODIFIER",
        "Feature": f"ENST9{number[1:]}", "BIOTYPE": "retained_intron", "Codons": "",
        "HGVSp": "", "CANONICAL": "", "MANE_SELECT": "",
    }  # fmt: skip
    entries = [_entry(other), _entry(chosen)]
    return entries if call.start % 3 == 0 else entries[1:]


def _entry(values: Mapping[str, str]) -> str:
    return "|".join(values.get(name, "") for name in CSQ_FIELDS)
