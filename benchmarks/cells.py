"""Compare the speed of the package's cells, torch's modules and three other implementations.

    python benchmarks/cells.py [--quick] [--strict] [--openblas-free] [--no-figure]

All computations run in float32 on one thread. There are five contenders: the package's cells;
torch's modules; the equations written in torch with autograd; the matrix products alone; and, for
the LSTM, `tuned_lstm.py`, which is faster than the package's cell but harder to read.

All contenders run in one process. Each round times every contender once, in random order. A
reported ratio is the median over all rounds. An untimed call before each timing fills the caches,
as repeated calls do in training. The clock measures the CPU time of the process (user and system),
so interruptions by other programs don't count. With one thread on an idle machine, CPU time equals
wall-clock time. Before the timing, the script checks that the gradients agree. The script prints a
table, writes it to `cells.txt` in this folder, and draws the figure `cells.png`.

Some processors may not meet the bounds in the table. With `--strict`, the exit status is 1 if a
bound isn't met.

Environment variables such as OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE change the ratios. If such
variables are set, the script measures twice: with the variables, and in a second process without
them. `--openblas-free` runs only the second measurement.

Memory allocation also affects the times. At size "large", gatewise allocates about 160 MB per pass
for the Trace and the Grads, but the matrix products alone allocate nothing. New memory pages are
cheap on a desktop. On a virtual machine whose host reclaims idle pages within seconds, new pages
can take more time than the gates' arithmetic. The untimed call reduces this cost. With glibc,
MALLOC_MMAP_MAX_=0 and MALLOC_TRIM_THRESHOLD_=100000000000 keep freed memory in the process. The
report lists the values of these variables.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))  # NumPy and torch read these variables on import

import numpy as np  # noqa: E402
import torch  # noqa: E402
import tuned_lstm  # noqa: E402

from gatewise.cells import gru, lstm, rnn  # noqa: E402
from gatewise.models import unroll  # noqa: E402

HERE = Path(__file__).parent
CELLS = {"RNN": rnn, "LSTM": lstm, "GRU": gru}
SIZES = {  # (T, B, D, H), rounds, and calls per timing, which should last at least 1 ms
    "tiny": ((3, 6, 9, 5), 300, 10),
    "small": ((35, 20, 100, 100), 100, 1),
    "medium": ((50, 32, 128, 256), 31, 1),
    "large": ((100, 64, 256, 512), 11, 1),
}
LENGTHS = [16, 32, 64, 128, 256, 512, 1024]  # values of T; B, D and H are the same as in "small"
FLOOR = """\
floor: the products that forward and backward need, and nothing else, by NumPy into arrays made
beforehand (G = 1, 4, 3 blocks of rows for RNN, LSTM, GRU):
  forward    1 ×   x (T·B, D) @ W_ihᵀ (D, G·H)
             T ×   h (B, H) @ W_hhᵀ (H, G·H)            W_hhᵀ in C order
  backward   T ×   da (B, G·H) @ W_hh (G·H, H)
             1 ×   daᵀ (G·H, T·B) @ x (T·B, D)
             1 ×   daᵀ (G·H, T·B) @ h (T·B, H)
             1 ×   da (T·B, G·H) @ W_ih (G·H, D)"""


# Each contender has two functions that take no arguments: forward, and forward + backward.


def ours(cell, params, x, states, dh):
    def forward():
        return cell.forward(params, x, *states)

    return forward, lambda: cell.backward(params, forward(), dh)


def by_torch(run, leaves, dh):
    """Return the two functions of a contender that uses torch.

    run: a function that returns all outputs. leaves: the tensors whose gradients are computed.
    """

    def forward():
        with torch.no_grad():
            return run()

    return forward, lambda: torch.autograd.grad(run(), leaves, dh)


def torch_module(name, params, x, states, dh):
    module = getattr(torch.nn, name)(x.shape[2], dh.shape[2])
    with torch.no_grad():
        for theirs, array in zip(module.parameters(), params, strict=True):
            theirs.copy_(torch.tensor(array))
    x, *states = (torch.tensor(v, requires_grad=True) for v in (x, *(s[None] for s in states)))
    given = tuple(states) if len(states) > 1 else states[0]
    leaves = [*module.parameters(), x, *states]
    return by_torch(lambda: module(x, given)[0], leaves, torch.tensor(dh))


def plain_torch(name, params, x, states, dh):
    """Compute the equations step by step in torch, with one matrix product for all gates."""
    leaves = [torch.tensor(v, requires_grad=True) for v in (*params, x, *states)]
    *weights, x, h = leaves[:6]
    mode, c = CELLS[name].Params.mode, leaves[6:] or [None]

    def run():
        return torch.stack([now["h"] for now in unroll(mode, x, *weights, h, *c)])

    return by_torch(run, leaves, torch.tensor(dh))


def floor(params, x, dh):
    W_ih, W_hh = params.W_ih, params.W_hh
    (T, B, D), (rows, H) = x.shape, W_hh.shape
    flat, h, h_flat = x.reshape(T * B, D), dh, dh.reshape(T * B, H)
    W_hh_T = np.ascontiguousarray(W_hh.T)
    a_flat, a_t, h_t = (np.empty(s, x.dtype) for s in ((T * B, rows), (B, rows), (B, H)))
    a = np.ones((T, B, rows), x.dtype)
    da = a.reshape(T * B, rows)
    dx, dW_ih, dW_hh = np.empty_like(flat), np.empty_like(W_ih), np.empty_like(W_hh)

    def forward():
        np.matmul(flat, W_ih.T, out=a_flat)
        for t in range(T):
            np.matmul(h[t], W_hh_T, out=a_t)

    def both():
        forward()
        for t in range(T):
            np.matmul(a[t], W_hh, out=h_t)
        np.matmul(da.T, flat, out=dW_ih)
        np.matmul(da.T, h_flat, out=dW_hh)
        np.matmul(da, W_ih, out=dx)

    return forward, both


def contenders(name, T, B, D, H):
    """Return each contender's two functions in a dict, after comparing the gradients."""
    rng = np.random.default_rng(0)
    cell = CELLS[name]
    params = cell.Params.random(D, H, rng, np.float32)
    x, dh = (rng.normal(size=(T, B, n)).astype(np.float32) for n in (D, H))
    states = [rng.normal(size=(B, H)).astype(np.float32) for _ in range(1 + (cell is lstm))]
    them = {
        "gatewise": ours(cell, params, x, states, dh),
        f"nn.{name}": torch_module(name, params, x, states, dh),
        "plain torch": plain_torch(name, params, x, states, dh),
    }
    if cell is lstm:
        them["tuned"] = ours(tuned_lstm, params, x, states, dh)
    grads = them["gatewise"][1]()
    for contender in list(them)[1:]:
        for mine, theirs in zip(grads, them[contender][1](), strict=False):
            theirs = np.asarray(theirs).reshape(mine.shape)
            if not np.abs(mine - theirs).max() <= 1e-4 * np.abs(theirs).max():
                sys.exit(f"{name} at {(T, B, D, H)}: the gradients of {contender} differ")
    return them | {"floor": floor(params, x, dh)}


# The clock ------------------------------------------------------------------------------------


def interleaved(functions, rounds, calls=1):
    """Time each function once per round. Returns the seconds as an array (rounds, functions)."""
    seconds = np.empty((rounds + 1, len(functions)))
    rng = np.random.default_rng(0)
    for k in range(rounds + 1):  # the first round is a warm-up
        for j in rng.permutation(len(functions)):  # a random order in each round
            functions[j]()
            start = time.process_time()
            for _ in range(calls):
                functions[j]()
            seconds[k, j] = (time.process_time() - start) / calls
    return seconds[1:]


def measure_sizes(scale):
    """Return arrays of times in seconds for each (cell, size, pass) and contender."""
    measured = {}
    for size, (shape, rounds, calls) in SIZES.items():
        for name in CELLS:
            them = contenders(name, *shape)
            functions = [function for pair in them.values() for function in pair]
            seconds = interleaved(functions, max(3, rounds // scale), calls)
            for k, what in enumerate(("forward", "forward+backward")):
                measured[name, size, what] = dict(zip(them, seconds.T[k::2], strict=True))
    return measured


def measure_growth(scale):
    """Return the median time of forward + backward, in seconds, for each cell, contender and T."""
    _, B, D, H = SIZES["small"][0]
    growth = {}
    for name in CELLS:
        them = [contenders(name, T, B, D, H) for T in LENGTHS]
        functions = [
            pair[contender][1] for pair in them for contender in ("gatewise", f"nn.{name}")
        ]
        medians = np.median(interleaved(functions, max(3, 25 // scale)), axis=0)
        growth[name] = {"gatewise": medians[0::2], f"nn.{name}": medians[1::2]}
    return growth


def exponent(seconds):
    """Return the slope of log(seconds) as a function of log(T)."""
    return np.polyfit(np.log(LENGTHS), np.log(seconds), 1)[0]


# The report -----------------------------------------------------------------------------------


def steering():
    """Return the environment variables that determine OpenBLAS's kernels and block sizes."""
    return [v for v in os.environ if v.startswith("OPENBLAS_") and "THREADS" not in v]


def machine():
    """Return lines of text about the machine, the versions and the environment variables."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text()
        cpu = next(line for line in cpuinfo.splitlines() if line.startswith("model name"))
        cpu = cpu.split(":")[1].strip()
    except (OSError, StopIteration):  # the system isn't Linux
        cpu = platform.processor() or platform.machine()
    load = "unknown"
    if hasattr(os, "getloadavg"):
        load = f"{os.getloadavg()[1]:.1f} processes in the last five minutes; this is one of them"
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    mkl = [line.strip(" -") for line in torch.__config__.show().splitlines() if "Kernel" in line]
    variables = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(("OPENBLAS_", "MKL_", "OMP_", "ATEN_", "NPY_", "MALLOC_"))
    }
    return [
        f"machine   {cpu}, {os.cpu_count()} cores, {platform.system()}",
        f"versions  Python {platform.python_version()}, NumPy {np.__version__}, "
        f"torch {torch.__version__}",
        f"BLAS      NumPy: {blas['name']} {blas['version']}, kernels {openblas_kernels()}; "
        f"torch: {mkl[0] if mkl else 'see torch.__config__'}",
        f"variables {' '.join(f'{k}={v}' for k, v in variables.items())}",
        f"          {', '.join(steering()) or 'none'} to steer OpenBLAS's kernels",
        f"threads   {torch.get_num_threads()}; float32; clock: the process's time",
        f"load      {load}",
    ]


def openblas_kernels():
    """Return the name of the OpenBLAS kernels that NumPy uses."""
    import ctypes

    libraries = Path(np.__file__).parent.parent.glob("numpy.libs/*openblas*")
    for path in libraries:
        library = ctypes.CDLL(str(path))
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename"):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return function().decode()
    return "unknown"


def ratio(row, one, other):
    """Return the median ratio of two contenders' times over all rounds."""
    return np.median(row[one] / row[other])


def bounds(measured, growth):
    """Yield the bounds for forward + backward as tuples (text, measured value, bound)."""

    def row(text, name, size, one, other, bound):
        values = measured[name, size, "forward+backward"]
        return f"{text}, {size}", ratio(values, one, other), bound

    for name in CELLS:
        for size, bound in zip(SIZES, (1.0, 1.0, 1.2, 1.2), strict=True):
            yield row(f"{name} ÷ plain torch", name, size, "gatewise", "plain torch", bound)
    for name in ("RNN", "GRU"):
        for size in ("tiny", "small"):
            yield row(f"{name} ÷ nn.{name}", name, size, "gatewise", f"nn.{name}", 1.0)
    yield row("LSTM ÷ nn.LSTM", "LSTM", "tiny", "gatewise", "nn.LSTM", 0.6)
    for size, bound in (("small", 1.3), ("medium", 1.6), ("large", 1.3)):
        yield row("tuned LSTM ÷ nn.LSTM", "LSTM", size, "tuned", "nn.LSTM", bound)
    for name in CELLS:
        yield f"{name}: exponent in T", exponent(growth[name]["gatewise"]), 1.05


def report(measured, growth):
    """Return the lines of the table, and whether every bound is met."""
    lines = ["gatewise, cells: " + ("as the environment has it" if steering() else "OpenBLAS free")]
    lines += ["", *machine(), "", *FLOOR.splitlines(), ""]
    lines += ["gradients of all that is timed: agree (to 1e-4, float32)", ""]
    lines += ["milliseconds, medians; the last columns are ratios of gatewise to the other", ""]
    head = ("gatewise", "tuned", "nn.*", "plain torch", "floor")
    ratios = ("÷ tuned", "÷ nn.*", "÷ plain", "÷ floor")
    lines += [f"{'':<31}" + "".join(f"{word:>12}" for word in head + ratios)]
    for (name, size, what), row in measured.items():
        contenders = ("gatewise", "tuned", f"nn.{name}", "plain torch", "floor")
        cells = [
            f"{1e3 * np.median(row[contender]):.3f}" if contender in row else ""
            for contender in contenders
        ]
        cells += [f"{ratio(row, 'gatewise', o):.2f}" if o in row else "" for o in contenders[1:]]
        lines += [(f"{size:<8}{name:<6}{what:<17}" + "".join(f"{c:>12}" for c in cells)).rstrip()]
    lines += ["", f"growth with T at (B, D, H) = {SIZES['small'][0][1:]}, forward+backward, ms", ""]
    lines += [f"{'T':<20}" + "".join(f"{T:>9}" for T in LENGTHS) + f"{'exponent':>10}"]
    for name, row in growth.items():
        for contender, seconds in row.items():
            cells = "".join(f"{1e3 * s:9.2f}" for s in seconds)
            lines += [f"{name + ' ' + contender:<20}{cells}{exponent(seconds):10.2f}"]
    lines += ["", f"{'expected of forward+backward':<32}{'measured':>10}{'bound':>8}"]
    verdicts = []
    for text, value, bound in bounds(measured, growth):
        verdicts.append(value <= bound)
        met = "met" if verdicts[-1] else "NOT MET"
        lines += [f"{text:<32}{value:10.2f}{bound:8.2f}  {met}"]
    return lines, all(verdicts)


def draw(measured, growth, path):
    """Draw three panels with time ratios, and one panel that shows how the time grows with T."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, NullLocator

    # Contenders differ in both color and marker. The colors are from the Okabe–Ito palette.
    style = {
        "gatewise": {"color": "#0072B2", "marker": "o", "lw": 2},
        "nn": {"color": "#000000", "marker": "", "ls": "--"},
        "plain torch": {"color": "#D55E00", "marker": "s"},
        "tuned": {"color": "#CC79A7", "marker": "D", "ls": "-."},
        "floor": {"color": "#009E73", "marker": "^", "ls": ":"},
    }
    fig, axes = plt.subplots(
        1, 4, figsize=(13, 3.9), layout="constrained", width_ratios=(1, 1, 1, 1.2)
    )
    for ax, name in zip(axes, CELLS, strict=False):
        rows = [measured[name, size, "forward+backward"] for size in SIZES]
        ax.axhline(1, label="torch.nn's module", **style["nn"])
        for contender, label in (
            ("plain torch", "plain torch cell, autograd"),
            ("gatewise", "gatewise, NumPy"),
            ("tuned", "tuned LSTM, NumPy"),
            ("floor", "matrix products alone"),
        ):
            if contender in rows[0]:
                ratios = [ratio(row, contender, f"nn.{name}") for row in rows]
                ax.plot(range(len(rows)), ratios, label=label, **style[contender])
        ax.set(title=name, yscale="log", ylim=(0.02, 8))
        ax.set_xticks(range(len(rows)), list(SIZES))
        ax.yaxis.set_major_locator(FixedLocator([0.03, 0.1, 0.3, 1, 3]))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter("{x:g}")
    axes[0].set_ylabel("time ÷ torch.nn's,\nforward + backward")
    ax = axes[3]
    for (name, row), marker, color in zip(
        growth.items(), "oDv", ("#0072B2", "#CC79A7", "#E69F00"), strict=True
    ):
        label = f"{name}, exponent {exponent(row['gatewise']):.2f}"
        ax.loglog(LENGTHS, 1e3 * row["gatewise"], marker=marker, color=color, label=label)
    ax.set(title="growth with T", xlabel="T", ylabel="ms, forward + backward")
    ax.set_xticks(LENGTHS, [str(T) for T in LENGTHS], fontsize=8)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter("{x:g}")
    ax.legend(frameon=False, fontsize=9)
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="0.9")
    fig.legend(
        *axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False
    )
    fig.savefig(path, dpi=150)


def main():
    if "--openblas-free" in sys.argv and steering():  # OpenBLAS has already read these variables
        free = {k: v for k, v in os.environ.items() if k not in steering()}
        return subprocess.run([sys.executable, *sys.argv], env=free).returncode
    torch.set_num_threads(1)
    scale = 10 if "--quick" in sys.argv else 1  # fewer rounds for a quick test
    measured, growth = measure_sizes(scale), measure_growth(scale)
    lines, met = report(measured, growth)
    print("\n".join(lines), flush=True)
    status = 1 if "--strict" in sys.argv and not met else 0
    if "--no-figure" not in sys.argv:
        draw(measured, growth, HERE / "cells.png")
        (HERE / "cells.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if steering():
        again = [sys.executable, *sys.argv, "--openblas-free", "--no-figure"]
        free = {k: v for k, v in os.environ.items() if k not in steering()}
        second = subprocess.run(again, env=free, stdout=subprocess.PIPE, text=True)
        print("\n" + second.stdout)
        if "--no-figure" not in sys.argv:
            with (HERE / "cells.txt").open("a", encoding="utf-8") as file:
                file.write("\n" + second.stdout)
        status = max(status, second.returncode)
    return status


if __name__ == "__main__":
    sys.exit(main())
