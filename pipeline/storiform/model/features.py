"""What a person calls a feature ``TABLE.COLUMN`` and the groups that it makes of patients."""

from typing import Final

_AS_WRITTEN: Final = {
    "tmb": "TMB", "nk": "NK", "cd8": "CD8", "t": "T", "b": "B", "tpm": "TPM",
}  # fmt: skip
_NAMES: Final = {
    "all": "Whole cohort",
    "clinic.age_years": "Age",
    "immune_classes.is_class_e": "Class E",
    "tmb.mutations_nonsynonymous": "Nonsynonymous calls",
    "tmb.mutations_coding": "Coding calls",
    "neoantigen_burden.neoantigen_burden_affinity": "Neoantigen burden by IC50",
    "neoantigen_burden.neoantigen_burden_strong": "Neoantigen burden, strong binders",
    "neoantigen_burden.neoantigen_burden_expressed": "Neoantigen burden, expressed genes",
    "neoantigen_burden.neoantigen_burden_clonal": "Neoantigen burden, clonal",
    "neoantigen_burden.neoantigen_burden_presented": "Neoantigen burden, kept HLA alleles",
    "clonal_burden.tmb_clonal": "TMB, clonal",
    "clonal_burden.tmb_subclonal": "TMB, subclonal",
    "copy_number_fit.wgd": "Whole-genome doubling",
    "copy_number_fit.fraction_loh": "Fraction with LOH",
    "gene_copy_states.cdk4_mdm2_coamplified": "CDK4 and MDM2 co-amplified",
}
_METHODS: Final = {"mcp_counter": "MCP-counter", "ssgsea": "ssGSEA"}
_MUTATIONS: Final = "gene_mutations"
_COPIES: Final = "gene_copy_states"
_STATES: Final = {
    "amp": "amplified", "gain": "gained", "any_loss": "lost (one or all copies)",
    "homdel": "homozygously deleted", "loh": "with LOH",
}  # fmt: skip
_FLAGS: Final = {"true": "yes", "false": "no"}
_GENOTYPES: Final = {"true": "mutated", "false": "wild type"}


def table_of(feature: str) -> str:
    """Name the table of a feature; of ``all``, which has none, the feature itself.

    Examples
    --------
    >>> table_of("tmb.tmb"), table_of("all")
    ('tmb', 'all')
    """
    return feature.split(".", 1)[0]


def plain_name(feature: str) -> str:
    """Write the name of a feature as a person would, without its table.

    Examples
    --------
    >>> plain_name("mcp_counter.b_lineage"), plain_name("ssgsea.TLS_Tfh8")
    ('B lineage', 'TLS Tfh8')
    >>> plain_name("tmb.tmb"), plain_name("gene_mutations.C22orf31")
    ('TMB', 'C22orf31')
    >>> plain_name("clinic.age_years")  # its unit stands beside it
    'Age'
    >>> plain_name("gene_copy_states.CDKN2A_any_loss")
    'CDKN2A lost (one or all copies)'
    """
    if feature in _NAMES:
        return _NAMES[feature]
    column = feature.split(".", 1)[-1]
    if table_of(feature) == _MUTATIONS:
        return column
    if table_of(feature) == _COPIES:
        gene, _, state = column.partition("_")
        return f"{gene} {_STATES.get(state, state)}"
    text = " ".join(_AS_WRITTEN.get(word, word) for word in column.split("_"))
    return text[:1].upper() + text[1:]


def method_of(feature: str) -> str:
    """Name the method behind a feature where its name alone does not tell.

    Examples
    --------
    >>> method_of("mcp_counter.b_lineage"), method_of("tmb.tmb")
    ('MCP-counter', '')
    """
    return _METHODS.get(table_of(feature), "")


def full_name(feature: str) -> str:
    """Write the name of a feature with its method, or with what is told of a gene.

    Examples
    --------
    >>> full_name("mcp_counter.b_lineage"), full_name("gene_mutations.DNAH6")
    ('B lineage (MCP-counter)', 'DNAH6 mutated')
    """
    if table_of(feature) == _MUTATIONS:
        return f"{plain_name(feature)} mutated"
    by = method_of(feature)
    return f"{plain_name(feature)} ({by})" if by else plain_name(feature)


def group_name(feature: str, group: str) -> str:
    """Write the name of a group of the patients that a feature divides.

    Examples
    --------
    >>> group_name("gene_mutations.CSMD1", "false"), group_name("purity.is_low", "true")
    ('wild type', 'yes')
    >>> group_name("tmb.tmb", "high")
    'high'
    """
    words = _GENOTYPES if table_of(feature) == _MUTATIONS else _FLAGS
    return words.get(group, group)
