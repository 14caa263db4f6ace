"""A cohort of invented patients for the tests of statistics and figures."""

import numpy as np
import pandas as pd

PATIENTS = [f"P{number:02d}" for number in range(1, 29)]


def clinic(**columns) -> pd.DataFrame:
    """Return the clinic of 28 patients, the first nine of whom responded."""
    generator = np.random.default_rng(1)
    responded = np.arange(28) < 9
    months = generator.exponential(10, 28) + responded * 8
    table = pd.DataFrame({
        "patient": PATIENTS,
        "response": ["PR"] * 9 + ["SD"] * 13 + ["PD"] * 6,
        "responded": pd.array(responded, dtype="boolean"),
        "disease_control": pd.array(np.arange(28) < 22, dtype="boolean"),
        "best_change_percent": np.where(responded, -45.0, 12.0) + generator.normal(0, 9, 28),
        "pfs_months": months,
        "pfs_event": pd.array(generator.random(28) < 0.75, dtype="boolean"),
        "os_months": months + generator.exponential(8, 28),
        "os_event": pd.array(generator.random(28) < 0.4, dtype="boolean"),
        "histology": ["UPS", "LMS", "DDLPS", "SS"] * 7,
        "sex": ["female", "male"] * 14,
        "age_years": generator.normal(50, 9, 28),
        "arm": [""] * 28,
    })  # fmt: skip
    return table.assign(**columns)


def feature(name: str, values, kind: str = "number", patients=None) -> pd.DataFrame:
    """Return one feature of a gathered frame; values of a category are its labels."""
    is_category = kind == "category"
    rows = pd.DataFrame({"patient": PATIENTS if patients is None else patients})
    rows["biopsy"] = rows["patient"] + "-1"
    rows["table"], rows["feature"] = name.split(".", maxsplit=1)[0], name
    rows["value"] = np.nan if is_category else np.asarray(values, dtype=float)
    rows["label"] = values if is_category else None
    return rows.assign(kind=kind, unit_of_measure="1/Mb", description=f"values of {name}")


def features() -> pd.DataFrame:
    """Return features of three tables: numbers, a flag, categories, some values missing."""
    generator = np.random.default_rng(2)
    responded = np.arange(28) < 9
    cells = generator.normal(3, 1, 28) + responded * 1.5
    cells[20] = np.nan
    return pd.concat(
        [
            feature("mcp_counter.b_lineage", cells),
            feature("mcp_counter.t_cells", generator.normal(4, 1, 28)),
            feature("tmb.tmb", generator.poisson(4, 28) / 3),
            feature("hla_loh.is_lost", np.arange(28) % 4 == 0, "flag"),
            feature(
                "immune_classes.sic", np.array(list("EEDEEDEABAABCDABCDABCABCABCD")), "category"
            ),
            feature("quality.sex", np.array(["female", "male"] * 14), "category"),
        ],
        ignore_index=True,
    )
