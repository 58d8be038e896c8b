"""Make, conda and the workflow install the same packages, and linters accept the workflow."""

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

from tools import site, sweep

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [Requirement(line) for line in sum(EXTRAS.values(), PROJECT["dependencies"])]
JOBS = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]
LIGHT = JOBS["light"]["strategy"]["matrix"]["include"]
LINUX = {"platform_system": "Linux", "platform_machine": "x86_64"}
INTEL_MAC = {"platform_system": "Darwin", "platform_machine": "x86_64"}
APPLE_SILICON = {"platform_system": "Darwin", "platform_machine": "arm64"}
PLATFORMS = pytest.mark.parametrize("platform", [LINUX, INTEL_MAC, APPLE_SILICON], ids=str)


def applying(requirements, platform):
    """Return the requirements for a platform, given as a dict of environment markers."""
    return [r for r in requirements if r.marker is None or r.marker.evaluate(platform)]


def pins(name, platform=LINUX):
    """Return a list of pairs (package, version) from a constraints file."""
    lines = [Requirement(line) for line in read(name).splitlines() if not line.startswith("#")]
    pinned = [(canonicalize_name(r.name), *r.specifier) for r in applying(lines, platform)]
    assert {specifier.operator for _, specifier in pinned} == {"=="}
    return [(name, specifier.version) for name, specifier in pinned]


@pytest.fixture
def conda():
    """Return the packages that conda installs and the arguments that it passes to pip."""
    *packages, last = yaml.safe_load(read("environment.yml"))["dependencies"]
    return packages, last["pip"]


def test_conda_installs_the_oldest_tested_python(conda):
    python = next(package for package in conda[0] if package.startswith("python="))
    version = python.removeprefix("python=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    assert version == min(job["python"] for job in LIGHT)
    assert "pip" in conda[0]


def test_conda_installs_the_same_packages_as_make(conda):
    *_, constraint, editable = conda[1]
    by_make = re.search(r"pip install .*(--constraint .*) (--editable .*)", read("Makefile"))
    defaults = dict(re.findall(r"^(\w+) +\?= (.*)$", read("Makefile"), re.MULTILINE))
    for words in (constraint, editable):
        assert words in by_make[0].replace('"', "").replace(
            "$(CONSTRAINTS)", defaults["CONSTRAINTS"]
        ).replace("$(EXTRAS)", defaults["EXTRAS"])


@PLATFORMS
def test_every_requirement_is_pinned_once_within_its_bounds(platform):
    pinned = pins("constraints.txt", platform)
    versions = dict(pinned)
    assert len(versions) == len(pinned)
    for requirement in applying(REQUIRED, platform):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


@PLATFORMS
def test_numpy_2_is_allowed_unless_torch_does_not_work_with_it(platform):
    """The last torch release for Intel Macs is 2.2.2, but NumPy 2 requires torch 2.3 or later."""
    numpy = [r.specifier for r in applying(REQUIRED, platform) if r.name == "numpy"]
    assert all(specifier.contains("2.0.0") for specifier in numpy) == (platform != INTEL_MAC)
    torch = dict(pins("constraints.txt", platform))["torch"]
    assert (torch == "2.2.2") == (platform == INTEL_MAC)


def test_the_oldest_versions_are_the_lower_bounds():
    required = map(Requirement, PROJECT["dependencies"] + EXTRAS["keras"])
    lower = {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in applying(required, LINUX)
    }
    oldest = dict(pins("constraints-oldest.txt"))
    assert oldest.keys() == lower.keys()
    for name, specifier in lower.items():
        bound = next(s.version for s in specifier if s.operator == ">=")
        assert SpecifierSet(f"=={bound}").contains(oldest[name])


def test_the_sweep_reads_the_same_lower_bounds():
    oldest = {canonicalize_name(name): version for name, version in sweep.lower_bounds().items()}
    for name, version in oldest.items():
        assert SpecifierSet(f"=={version}").contains(dict(pins("constraints-oldest.txt"))[name])
    assert oldest.keys() >= {*sweep.OLDEST}


def runs(job):
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_the_workflow_checks_the_address_first():
    assert runs("address") == ["python3 tools/links.py --check"]
    assert all(job["needs"] == "address" for name, job in JOBS.items() if name != "address")


def test_one_job_runs_everything_with_the_newest_python():
    assert runs("full") == ["make test"]
    newest = max(JOBS["full"]["steps"][1]["with"]["python-version"], *(j["python"] for j in LIGHT))
    assert JOBS["full"]["steps"][1]["with"] == {"python-version": newest}


def test_light_jobs_cover_three_systems_the_oldest_python_and_the_oldest_versions():
    assert runs("light") == ["make quick", "make nbval"]
    assert {job["os"].split("-")[0] for job in LIGHT} == {"ubuntu", "macos", "windows"}
    assert {job["constraints"] for job in LIGHT} == {"constraints.txt", "constraints-oldest.txt"}


def test_the_notebooks_are_tested_with_colabs_versions_of_the_widget_libraries():
    """Colab has ipywidgets 7.7.1, and its anywidget release is at least as new as 0.9.18."""
    oldest = dict(pins("constraints-oldest.txt"))
    assert oldest["ipywidgets"] == "7.7.1"
    assert oldest["anywidget"] == "0.9.18"


def test_the_workflow_runs_sweep_and_twice_every_week():
    assert JOBS["weekly"]["if"] == "github.event_name == 'schedule'"
    assert JOBS["weekly"]["strategy"]["matrix"]["target"] == ["sweep", "twice"]
    assert "\n  schedule:\n" in read(".github/workflows/test.yml")


def test_every_target_in_the_workflow_is_in_the_makefile():
    targets = re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE)
    made = " ".join(run for job in JOBS for run in runs(job))
    made = re.findall(r"\bmake ([a-z]+)", made)
    assert {*made, *JOBS["weekly"]["strategy"]["matrix"]["target"]} <= {*targets}


def test_the_workflow_fits_its_schema():
    schema = ["--builtin-schema", "vendor.github-workflows"]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, *WORKFLOWS], check=True)


def test_zizmor_finds_no_fault_in_the_workflow():
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    subprocess.run([zizmor, "--offline", *WORKFLOWS], check=True)


def test_workflows_pin_each_action_to_one_commit():
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pinned = re.findall(r"uses: (\S+)@([0-9a-f]{40}) # v\d", text)
    assert len(pinned) == text.count("uses: ")
    assert len({name for name, _ in pinned}) == len(set(pinned))


def test_what_is_published_is_what_make_site_builds():
    jobs = yaml.safe_load(read(".github/workflows/pages.yml"))["jobs"]
    *_, build, upload = jobs["build"]["steps"]
    assert build["run"] == "make site"
    assert ROOT / upload["with"]["path"] == site.OUT
    assert "site/out/" in read(".gitignore").splitlines()


def test_the_version_is_the_same_everywhere_and_the_changelog_describes_it():
    version = PROJECT["version"]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    newest, about = re.search(
        r"^## (\S+)\n(.*?)(?=^## |\Z)", read("CHANGELOG.md"), re.M | re.S
    ).groups()
    assert newest == version
    assert len(about.split()) > 20
