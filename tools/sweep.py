"""`make sweep`: test the notebooks on simulated processors. CONTRIBUTING.md lists the results.

    python tools/sweep.py [WORD …]      all settings, or settings whose names contain a WORD

Numerical libraries run different code on different processors. Each setting below forces a
particular code path, so one machine can simulate several processors. Settings that this processor
doesn't support are skipped. Another run, in a separate environment (.venv-oldest), uses the oldest
versions of NumPy and the widget libraries that pyproject.toml allows. Single-threaded runs are done
in parallel, two at a time. The whole sweep takes about half an hour on two cores.
"""

import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
# The features of this processor for which NumPy has optimized code.
DISPATCHED = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
OLDEST = ("numpy", "ipywidgets", "anywidget")
SETTINGS = {
    "torch: `ATEN_CPU_CAPABILITY=default`": {"ATEN_CPU_CAPABILITY": "default"},
    "torch: `ATEN_CPU_CAPABILITY=avx2`": {"ATEN_CPU_CAPABILITY": "avx2"},
    "torch: `ATEN_CPU_CAPABILITY=avx512`": {"ATEN_CPU_CAPABILITY": "avx512"},
    "torch's products: `MKL_CBWR=COMPATIBLE`": {"MKL_CBWR": "COMPATIBLE"},
    "NumPy's products: `OPENBLAS_CORETYPE=Prescott`": {"OPENBLAS_CORETYPE": "Prescott"},
    "NumPy's products: `OPENBLAS_CORETYPE=Haswell`": {"OPENBLAS_CORETYPE": "Haswell"},
    "NumPy's products: `OPENBLAS_CORETYPE=SkylakeX`": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "NumPy: `NPY_DISABLE_CPU_FEATURES`, all of them": {
        "NPY_DISABLE_CPU_FEATURES": " ".join(DISPATCHED)
    },
}
AVX512 = ("avx512", "SkylakeX")  # these settings crash the kernel on processors without AVX-512
THREADS = ("1", "2")
TABLE = re.compile(r"(?<=<!-- sweep -->\n).*?(?=<!-- /sweep -->)", re.DOTALL)


def run(python, environment):
    """Test all notebooks. Returns a string such as "385 cells equal" or "differ: 03 Cell 7"."""
    command = [python, "-m", "pytest", "notebooks", "-q", "--tb=no", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    differ = re.findall(r"^(?:FAILED|ERROR) notebooks/(\d\d)\S*?::(.+)$", done.stdout, re.MULTILINE)
    if differ:
        return "differ: " + ", ".join(f"{notebook} {cell}" for notebook, cell in differ)
    if done.returncode or not (passed := re.search(r"(\d+) passed", done.stdout)):
        sys.exit(done.stdout)
    return f"{passed[1]} cells equal"


def lower_bounds():
    """Return a dict mapping package names to the oldest versions that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = "\n".join(project["dependencies"])
    return dict(re.findall(r"^([\w-]+)>=([\d.]+)", lines, re.MULTILINE))


def oldest():
    """Create .venv-oldest if needed. Returns the path to Python and a list of pinned packages."""
    bounds = lower_bounds()
    pins = [f"{name}=={bounds[name]}" for name in OLDEST]
    environment = ROOT / ".venv-oldest"
    if not environment.exists():
        # Remove the version pins for three more packages, which must match ipywidgets or NumPy.
        loose = (*OLDEST, "widgetsnbextension", "jupyterlab_widgets", "scipy")
        lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.split("==")[0] not in loose]
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        constraints = environment / "constraints.txt"
        constraints.write_text("\n".join(kept + pins) + "\n", encoding="utf-8")
        install = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
        install += ["--constraint", constraints, "--editable", ".[dev]"]
        subprocess.run(install, cwd=ROOT, check=True)
    return environment / "bin" / "python", pins


def main():
    wanted = [s for s in SETTINGS if not sys.argv[1:] or any(word in s for word in sys.argv[1:])]
    has_avx512 = any(name == "X86_V4" or name.startswith("AVX512") for name in DISPATCHED)
    able = [s for s in wanted if has_avx512 or not any(word in s for word in AVX512)]
    rows = {s: [] if s in able else ["not run: no AVX-512", "not run"] for s in wanted}
    for threads in THREADS:
        with ThreadPoolExecutor(2 // int(threads)) as pool:
            jobs = [SETTINGS[s] | {"OMP_NUM_THREADS": threads} for s in able]
            for setting, result in zip(
                able, pool.map(run, [sys.executable] * len(jobs), jobs), strict=True
            ):
                rows[setting].append(result)
                print(f"{setting}, {threads} threads: {result}", flush=True)
    if not sys.argv[1:] or "oldest" in sys.argv[1:]:
        python, pins = oldest()
        rows[f"oldest: {', '.join(pins)}"] = ["", run(python, {})]
        print(pins, rows[f"oldest: {', '.join(pins)}"][1])
    lines = ["| setting | 1 thread | 2 threads |", "|---|---|---|"]
    lines += [f"| {setting} | {' | '.join(results)} |" for setting, results in rows.items()]
    if not sys.argv[1:]:
        path = ROOT / "CONTRIBUTING.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(TABLE.sub("\n".join(lines) + "\n", text), encoding="utf-8")
    print("\n".join(lines))
    return any("differ" in result for results in rows.values() for result in results)


if __name__ == "__main__":
    sys.exit(main())
