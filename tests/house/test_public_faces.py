"""What a folder shows as its public face is there, and what it shares with other folders does what it says."""

import importlib
import pkgutil

import pytest

import evisynth
from evisynth.lazy import lazily
from evisynth.ordering import in_one_order

FACES = sorted(found.name for found in pkgutil.walk_packages(evisynth.__path__, "evisynth.") if found.ispkg)


@pytest.mark.parametrize("name", FACES)
def test_every_public_name_of_a_folder_can_be_loaded(name):
    folder = importlib.import_module(name)
    shown = getattr(folder, "__all__", ())
    assert all(getattr(folder, public) is not None for public in shown)
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        folder.nothing_of_this_name  # noqa: B018


def test_names_are_loaded_from_their_modules_or_are_modules():
    load, names = lazily("evisynth", {"in_one_order": "ordering", "lazy": ""})
    assert load("in_one_order") is in_one_order
    assert load("lazy").lazily is lazily
    assert names() == ["in_one_order", "lazy"]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ([], []),
        ([["D1", "D2", "overall"]], ["D1", "D2", "overall"]),
        # the longer list first; what it lacks behind the entry that it follows, or in front
        ([["D1", "DS", "D2"], ["D1", "D2", "D3", "overall"]], ["D1", "DS", "D2", "D3", "overall"]),
        ([["first", "a"], ["a", "b", "c"]], ["first", "a", "b", "c"]),
        ([["x"], ["a", "b"]], ["x", "a", "b"]),
    ],
)
def test_lists_that_share_entries_have_one_order(lists, expected):
    assert in_one_order(lists) == expected
