"""The invented cohort, and its tables of association and survival, as fixtures."""

import importlib.util
import itertools
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from storiform.model.tables.outcomes import ASSOCIATIONS, SURVIVAL, SURVIVAL_CURVES
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.survival import SurvivalParams, survival


def loaded(name, place):
    """Return a module of a file."""
    specification = importlib.util.spec_from_file_location(name, place)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def invented():
    """Return the module that invents patients and their features."""
    place = Path(__file__).parents[1] / "statistics" / "cohort.py"
    return loaded("invented_cohort", place)


@pytest.fixture(scope="session")
def trial():
    """Return the module that invents a trial: assessments, doses, features."""
    return loaded("invented_trial", Path(__file__).parent / "trial_cohort.py")


@pytest.fixture(scope="session")
def compared(invented):
    """Return the associations of the invented cohort."""
    table = associations(invented.features(), invented.clinic(), AssociationParams())
    return ASSOCIATIONS.conform(table)


@pytest.fixture(scope="session")
def survived(invented):
    """Return survival and curves of the invented cohort."""
    tables = survival(invented.features(), invented.clinic(), SurvivalParams())
    return SURVIVAL.conform(tables.survival), SURVIVAL_CURVES.conform(tables.curves)


@pytest.fixture(scope="session")
def faults_of():
    """Return a function that tells what cannot be read in a figure.

    A letter is smaller than 5.5 points, a text leaves the figure, or two texts cover each
    other.
    """

    def faults(figure):
        renderer = FigureCanvasAgg(figure).get_renderer()
        texts = written(figure, renderer)
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
        told = [f"small: {text.get_text()}" for text in texts if text.get_fontsize() < 5.5]
        whole = figure.bbox.padded(1.0)
        told += [f"outside: {text}" for text, box in boxes if not is_within(box, whole)]
        pairs = itertools.combinations(boxes, 2)
        return told + [f"{a} over {b}" for (a, one), (b, two) in pairs if covers(one, two)]

    return faults


def written(figure, renderer):
    """Return the texts that a drawing of a figure writes."""
    texts = []
    draw = Text.draw

    def note(text, *args, **options):
        if text.get_visible() and text.get_text().strip():
            texts.append(text)
        return draw(text, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", note)
        figure.draw(renderer)
    return texts


def is_within(box, whole):
    inside = box.x0 >= whole.x0 and box.x1 <= whole.x1
    return inside and box.y0 >= whole.y0 and box.y1 <= whole.y1


def covers(one, two):
    wide = min(one.x1, two.x1) - max(one.x0, two.x0)
    high = min(one.y1, two.y1) - max(one.y0, two.y0)
    return wide > 2.0 and high > 2.0
