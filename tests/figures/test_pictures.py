"""Pictures compared with committed ones: ``pytest --mpl`` compares, ``--mpl-generate-path`` makes new ones.

The tolerance is the root mean square over the grey levels (0 to 255) of all pixels. FreeType comes with matplotlib, so
the pictures agree exactly on one release; at this size one square missing from the forest plot of ten studies makes 1.6
and one letter of it more. A newer matplotlib may need new pictures: look at them before committing them.
"""

import pytest

from evisynth.figures import FIGURES, figure
from evisynth.figures.style import parameters

PICTURE = {
    "tolerance": 1,
    "savefig_kwargs": {"dpi": 50, "metadata": {"Software": None}},
    "style": parameters("picture"),
    "remove_text": False,
}


@pytest.fixture(scope="module")
def six(every_frame):
    """A frame of every sort of figure for six made-up studies."""
    return every_frame(6)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.mpl_image_compare(**PICTURE)
def test_picture(six, name):
    return figure(name).plot(six[name])


@pytest.mark.mpl_image_compare(**PICTURE)
def test_forest_of_ten(forest_of):
    return figure("forest").plot(forest_of(10, beside=("other_1", "other_2")))


@pytest.mark.mpl_image_compare(**PICTURE)
def test_forest_of_one(forest_of):
    return figure("forest").plot(forest_of(1, "MD"))


@pytest.mark.mpl_image_compare(**PICTURE)
def test_forest_in_groups(grouped):
    return figure("forest").plot(grouped)
