import pytest

from pipeline import errors
from pipeline.errors import InputError, LikewiseError


def test_one_fault_is_its_own_message():
    assert str(InputError(["k is 0, must be at least 1"])) == "k is 0, must be at least 1"


def test_several_faults_all_stand_in_the_message():
    assert str(InputError(["first", "second"])) == "2 faults:\n  - first\n  - second"


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "LikewiseError"])
def test_every_error_has_the_base_and_a_place_in_the_tree(name):
    assert issubclass(getattr(errors, name), LikewiseError)
    assert f"── {name} " in (errors.__doc__ or "")
