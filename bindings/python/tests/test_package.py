"""What the package exports, and that somebody who looks at it finds documentation."""

import inspect
from importlib.metadata import version

import nexa
import nexa._nexa as native
from nexa import NexaError


def test_everything_native_is_exported_by_the_package() -> None:
    assert set(native.__all__) <= set(nexa.__all__)
    assert sorted(set(nexa.__all__)) == sorted(nexa.__all__)
    for name in nexa.__all__:
        assert getattr(nexa, name) is not None


def test_every_class_and_method_has_documentation() -> None:
    things = {name: getattr(native, name) for name in native.__all__}
    classes = {name: thing for name, thing in things.items() if inspect.isclass(thing)}
    for name, kind in classes.items():
        members = {member: thing for member, thing in vars(kind).items() if not member.startswith("_")}
        # The members of an enumeration are values of it.
        things |= {
            f"{name}.{member}": thing for member, thing in members.items() if not isinstance(thing, kind)
        }
    assert len(things) > 300
    assert [name for name, thing in things.items() if not inspect.getdoc(thing)] == []


def test_every_exception_is_exported() -> None:
    for kind in NexaError.__subclasses__():
        assert getattr(nexa, kind.__name__) is kind and kind.__doc__


def test_the_package_and_its_native_half_are_one_version() -> None:
    assert nexa.version() == version("nexa")
