"""What the implementations need and what the set-up installs are the same."""

from __future__ import annotations

import pytest

from fixtures.implementations.registry import all_implementations
from tests.setup.listing import listing


@pytest.mark.parametrize("name", all_implementations())
def test_every_implementation_finds_its_packages_in_the_list(name: str) -> None:
    listed = {package for programs in listing().values() for package in programs.values()}
    assert set(all_implementations()[name].packages) <= listed


@pytest.mark.parametrize("name", all_implementations())
def test_each_package_of_an_implementation_is_known_by_one_of_its_programs(name: str) -> None:
    """A package counts as installed when its program is there: it has to be the program that is started.

    What is named by its path may be no program at all, but firmware or a kernel.
    """
    who = all_implementations()[name]
    known = {package: program for programs in listing().values() for program, package in programs.items()}
    started = {known[package] for package in who.packages if not known[package].startswith("/")}
    assert started - {"python3"} <= {program.rsplit("/")[-1] for program in who.programs}


def test_no_program_and_no_package_is_listed_twice() -> None:
    programs = [program for section in listing().values() for program in section]
    packages = [package for section in listing().values() for package in section.values()]
    assert sorted(set(programs)) == sorted(programs)
    assert sorted(set(packages)) == sorted(packages)


def test_the_sections_are_those_that_the_commands_name() -> None:
    assert list(listing()) == ["base", "conformance", "test", "matrix", "platforms", "all"]
