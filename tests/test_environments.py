"""The ways to install the series, by make, conda and the workflow, are one way; it is checked."""

import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [Requirement(line) for line in sum(EXTRAS.values(), PROJECT["dependencies"])]
JOB = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["test"]


def pins(name):
    """The lines of a file of constraints, as a list of (package, version)."""
    lines = [line for line in read(name).splitlines() if not line.startswith("#")]
    return [
        (canonicalize_name(package), version) for package, version in (s.split("==") for s in lines)
    ]


@pytest.fixture
def conda():
    """What conda installs, and what pip installs into it."""
    *packages, last = yaml.safe_load(read("environment.yml"))["dependencies"]
    return packages, last["pip"]


def test_conda_installs_the_oldest_python_that_is_tested(conda):
    python = next(package for package in conda[0] if package.startswith("python="))
    version = python.removeprefix("python=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    assert version == JOB["strategy"]["matrix"]["python"][0]
    assert "pip" in conda[0]


def test_conda_has_pip_install_what_make_installs(conda):
    *_, constraint, editable = conda[1]
    by_make = re.search(r"pip install .*(--constraint .*) (--editable .*)", read("Makefile"))
    defaults = dict(re.findall(r"^(\w+) +\?= (.*)$", read("Makefile"), re.MULTILINE))
    for words in (constraint, editable):
        assert words in by_make[0].replace('"', "").replace(
            "$(CONSTRAINTS)", defaults["CONSTRAINTS"]
        ).replace("$(EXTRAS)", defaults["EXTRAS"])


def test_everything_required_is_pinned_once_within_its_bounds():
    pinned = pins("constraints.txt")
    versions = dict(pinned)
    assert len(versions) == len(pinned)
    for requirement in REQUIRED:
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


def test_the_oldest_are_the_lower_bounds_of_what_readers_need():
    lower = {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in [*map(Requirement, PROJECT["dependencies"] + EXTRAS["keras"])]
    }
    oldest = dict(pins("constraints-oldest.txt"))
    assert oldest.keys() == lower.keys()
    for name, specifier in lower.items():
        bound = next(s.version for s in specifier if s.operator == ">=")
        assert SpecifierSet(f"=={bound}").contains(oldest[name])


def test_the_workflow_runs_make_test_on_three_systems_every_week():
    matrix = JOB["strategy"]["matrix"]
    assert {os.split("-")[0] for os in matrix["os"]} == {"ubuntu", "macos", "windows"}
    files = matrix["constraints"] + [more["constraints"] for more in matrix["include"]]
    assert files == ["constraints.txt", "constraints-oldest.txt"]
    assert JOB["steps"][-1] == {"run": "make test"}
    assert "\n  schedule:\n" in read(".github/workflows/test.yml")


def test_the_workflow_fits_its_schema():
    schema = ["--builtin-schema", "vendor.github-workflows"]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, WORKFLOW], check=True)


def test_zizmor_finds_no_fault_in_the_workflow():
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    subprocess.run([zizmor, "--offline", WORKFLOW], check=True)
