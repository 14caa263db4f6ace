"""Simon's designs: the trial's own, and questions that have no answer."""

import time

import pytest

from storiform.model.errors import InputError
from storiform.statistics.simon import assess_design, simon_designs


def test_design_of_the_trial_succeeds_with_five_of_41():
    found = simon_designs(0.05, 0.20, alpha=0.05, power=0.90).optimal
    assert (found.n1, found.r1, found.n, found.r) == (21, 1, 41, 4)
    assert found.alpha <= 0.05
    assert found.power >= 0.90
    # one of interest below which 3 responders would do is not within alpha
    assert assess_design((21, 1, 41, 3), 0.05, 0.20).alpha > 0.05


def test_minimax_is_smaller_and_optimal_expects_fewer():
    found = simon_designs(0.20, 0.40, alpha=0.05, power=0.80)
    assert found.minimax.n < found.optimal.n
    assert found.optimal.expected_n < found.minimax.expected_n


def test_all_designs_of_up_to_a_hundred_patients_are_searched_in_two_seconds():
    start = time.process_time()
    simon_designs(0.40, 0.60, alpha=0.05, power=0.90)
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ({"p0": 0.2, "p1": 0.2}, "p1: found 0.2, expected more than p0 = 0.2"),
        ({"p0": 0.2, "p1": 0.1}, "p1: found 0.1, expected more than p0 = 0.2"),
        ({"p0": 0.0, "p1": 0.1}, "p0: found 0, expected more than 0 and less than 1"),
        ({"p0": 0.1, "p1": 1.0}, "p1: found 1, expected more than 0 and less than 1"),
        ({"p0": 5.0, "p1": 20.0}, "such as 0.05"),
        ({"p0": 0.1, "p1": 0.3, "alpha": 0.9}, "power: found 0.8, expected more than alpha"),
        ({"p0": 0.1, "p1": 0.3, "power": float("nan")}, "power: found nan"),
        ({"p0": 0.1, "p1": 0.3, "max_n": 1}, "max-n: found 1"),
        ({"p0": 0.1, "p1": 0.12}, "none of up to 100 patients"),
    ],
)
def test_question_without_an_answer_is_told(question, fault):
    with pytest.raises(InputError, match=fault.replace("(", r"\(")):
        simon_designs(**question)
