"""Logistic regression gives what R's logistf, clogit and glm print for published data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.statistics.conditional_logistic import fit_conditional
from storiform.statistics.logistic import fit_logistic

HERE = Path(__file__).parent


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, sep="\t")


def test_firth_is_that_of_logistf():
    women, expected = read("inputs/sex2.tsv"), read("sex2.tsv")
    columns = women[expected["term"].tolist()].to_numpy(float)
    found = fit_logistic(columns, women["case"].to_numpy(float), is_penalised=True)
    assert len(women) == 239
    # logistf stops at changes of 1e-5.
    np.testing.assert_allclose(found.coefficient, expected["coefficient"], atol=2e-7)
    np.testing.assert_allclose(found.around.lower, expected["lower"], atol=2e-6)
    np.testing.assert_allclose(found.around.upper, expected["upper"], atol=2e-6)
    chi_squared = stats.chi2.isf(found.around.p, 1)
    np.testing.assert_allclose(chi_squared, expected["chi_squared"], rtol=2e-6)
    assert found.likelihood_ratio.statistic == pytest.approx(49.09064, abs=5e-6)
    assert found.likelihood_ratio.p == pytest.approx(7.15089e-09, rel=1e-6)


def test_conditional_regression_is_that_of_clogit():
    women, expected = read("inputs/infert.tsv"), read("infert.tsv")
    columns = women[expected["term"].tolist()].to_numpy(float)
    case, stratum = women["case"].to_numpy(float), women["stratum"].to_numpy()
    found = fit_conditional(columns, case, stratum)
    assert (len(women), case.sum()) == (248, 83)
    np.testing.assert_allclose(found.coefficient, expected["coefficient"], atol=5e-5)
    np.testing.assert_allclose(found.se, expected["se"], atol=5e-5)
    assert found.likelihood_ratio.statistic == pytest.approx(53.15, abs=5e-3)


def test_profile_interval_is_that_of_confint():
    moths = read("inputs/budworm.tsv")
    each = moths.loc[moths.index.repeat(moths["moths"])]
    number = each.groupby(level=0).cumcount()
    died = (number < each["dead"]).to_numpy(float)
    found = fit_logistic(each[["male", "log2_dose"]].to_numpy(float), died)
    np.testing.assert_allclose(found.coefficient, [1.1007, 1.0642], atol=5e-5)
    np.testing.assert_allclose(found.se, [0.3558, 0.1311], atol=5e-5)
    interval = [found.around.lower[1], found.around.upper[1]]
    assert interval == pytest.approx([0.8228708, 1.3390581], abs=3e-5)
