"""Pictures compared with committed ones: ``pytest --mpl`` compares, ``--mpl-generate-path`` makes new ones.

The tolerance is the root mean square over the grey levels (0 to 255) of all pixels. FreeType comes with matplotlib, so
the pictures agree exactly on one release; one square missing from the forest plot of ten studies makes 1.8, one letter
of it 3.8. A newer matplotlib may need new pictures: look at them before committing them.
"""

import pytest

from evisynth.figures import figure
from evisynth.figures.style import parameters

PICTURE = {
    "tolerance": 1,
    "savefig_kwargs": {"dpi": 80, "metadata": {"Software": None}},
    "style": parameters("picture"),
    "remove_text": False,
}


@pytest.mark.mpl_image_compare(**PICTURE)
def test_forest_of_ten(forest_of):
    return figure("forest").plot(forest_of(10, beside=("other_1", "other_2")))


@pytest.mark.mpl_image_compare(**PICTURE)
def test_forest_of_one(forest_of):
    return figure("forest").plot(forest_of(1, "MD"))


@pytest.mark.mpl_image_compare(**PICTURE)
def test_risk_of_bias(every_frame):
    return figure("risk_of_bias").plot(every_frame(6)["risk_of_bias"])


@pytest.mark.mpl_image_compare(**PICTURE)
def test_claims(every_frame):
    return figure("claims").plot(every_frame(6)["claims"])


@pytest.mark.mpl_image_compare(**PICTURE)
def test_prisma(every_frame):
    return figure("prisma").plot(every_frame(2)["prisma"])
