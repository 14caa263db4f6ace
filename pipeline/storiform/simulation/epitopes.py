"""Peptides that are known to bind an HLA molecule, and to be seen by T cells there.

What is planted is true without any predictor: each of these was eluted, bound or recognised
in a laboratory, and is kept in the IEDB (Vita et al., Nucleic Acids Research 47, D339, 2019,
doi:10.1093/nar/gky1006). They are of viruses, so no protein of the invented genome holds
them. A predictor may have learnt from them: that it finds them proves the chain from reads to
peptides, not the predictor.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epitope:
    """A peptide, the allele that presents it, and what the germline has in its place.

    `wild_type` differs in one residue, by a change that a single base can bring about.
    """

    peptide: str
    allele: str
    wild_type: str

    @property
    def changed(self) -> int:
        """Return the position of the residue that differs, from 0."""
        pairs = zip(self.peptide, self.wild_type, strict=True)
        return next(place for place, (one, two) in enumerate(pairs) if one != two)


EPITOPES = (
    Epitope("NLVPMVATV", "HLA-A*02:01", "NPVPMVATV"),  # cytomegalovirus pp65, 495-503
    Epitope("GILGFVFTL", "HLA-A*02:01", "GILGSVFTL"),  # influenza A M1, 58-66
    Epitope("LLFGYPVYV", "HLA-A*02:01", "LLFGDPVYV"),  # HTLV-1 Tax, 11-19
    Epitope("GLCTLVAML", "HLA-A*02:01", "GLCTLVAMR"),  # Epstein-Barr virus BMLF1, 280-288
    Epitope("VTEHDTLLY", "HLA-A*01:01", "VTEHDTLLD"),  # cytomegalovirus pp50, 245-253
    Epitope("CTELKLSDY", "HLA-A*01:01", "CTKLKLSDY"),  # influenza A NP, 44-52
    Epitope("VSDGGPNLY", "HLA-A*01:01", "VSGGGPNLY"),  # influenza A PB1, 591-599
    Epitope("KLGGALQAK", "HLA-A*03:01", "KLGGALQAE"),  # cytomegalovirus IE1, 184-192
    Epitope("RLRAEAQVK", "HLA-A*03:01", "RLRAKAQVK"),  # Epstein-Barr virus EBNA3A, 603-611
    Epitope("IVTDFSVIK", "HLA-A*11:01", "IVTYFSVIK"),  # Epstein-Barr virus EBNA3B, 416-424
    Epitope("AVFDRKSDAK", "HLA-A*11:01", "AVFDRKSDAE"),  # Epstein-Barr virus EBNA3B, 399-408
    Epitope("SIIPSGPLK", "HLA-A*11:01", "SIIPFGPLK"),  # influenza A M1, 13-21
    Epitope("AYAQKIFKI", "HLA-A*24:02", "ADAQKIFKI"),  # cytomegalovirus IE1, 248-256
    Epitope("RYPLTFGWCF", "HLA-A*24:02", "RYPLIFGWCF"),  # HIV-1 Nef, 134-143
    Epitope("RPHERNGFTVL", "HLA-B*07:02", "RQHERNGFTVL"),  # cytomegalovirus pp65, 265-275
    Epitope("QPEWFRNVL", "HLA-B*07:02", "QPERFRNVL"),  # influenza A PB1, 329-337
    Epitope("RPPIFIRRL", "HLA-B*07:02", "RPPIFIRRP"),  # Epstein-Barr virus EBNA3A, 379-387
    Epitope("RAKFKQLL", "HLA-B*08:01", "RAEFKQLL"),  # Epstein-Barr virus BZLF1, 190-197
    Epitope("FLRGRAYGL", "HLA-B*08:01", "FLRGRDYGL"),  # Epstein-Barr virus EBNA3A
    Epitope("IPSINVHHY", "HLA-B*35:01", "IPSINVHHD"),  # cytomegalovirus pp65, 123-131
    Epitope("HPVGEADYFEY", "HLA-B*35:01", "HPVGGADYFEY"),  # Epstein-Barr virus EBNA1, 407-417
    Epitope("EENLLDFVRF", "HLA-B*44:02", "EKNLLDFVRF"),  # Epstein-Barr virus EBNA3C, 281-290
    Epitope("KRWIILGLNK", "HLA-B*27:05", "KGWIILGLNK"),  # HIV-1 p24, 263-272 of Gag
    Epitope("RRIYDLIEL", "HLA-B*27:05", "RRIYGLIEL"),  # Epstein-Barr virus EBNA3C, 258-266
    Epitope("KAFSPEVIPMF", "HLA-B*57:01", "KDFSPEVIPMF"),  # HIV-1 p24, 162-172 of Gag
)
