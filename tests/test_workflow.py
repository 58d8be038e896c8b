"""The workflow is well formed, safe, and runs what the README tells people to run."""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"
SCRIPTS = Path(sysconfig.get_path("scripts"))


def test_it_fits_the_schema_of_github_s_workflows():
    schema = ["--builtin-schema", "vendor.github-workflows"]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, WORKFLOW], check=True)


def test_zizmor_finds_nothing():
    subprocess.run([SCRIPTS / "zizmor", "--offline", WORKFLOW], check=True)


def test_it_runs_the_readme_s_test_command_every_week_on_three_systems():
    text = WORKFLOW.read_text(encoding="utf-8")
    assert "      - run: make test\n" in text
    assert "  schedule:\n" in text
    for system in ("ubuntu-latest", "macos-latest", "windows-latest"):
        assert system in text
