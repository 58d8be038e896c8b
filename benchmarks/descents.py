"""Run gradient descent on each task in GateExplorer from twenty sets of small random weights.

    python benchmarks/descents.py

The browser runs the same code as the widget. The script takes about five minutes. It prints the
results and writes them to `descents.txt` in this folder. Notebook 2 reports the results.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from gatewise.widgets import GateExplorer, base, tasks

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "browser"))
from blank_page import FLAGS, executable  # noqa: E402

DESCEND = """([s, start]) => {
    s = {...s, ...start};
    for (let n = 0; n < s.descent.steps; n++)
        s = {...s, ...modules.tasks.descend(s, s.sequences, s.descent.rate)};
    const right = s.unseen.filter(one => modules.tasks.judge(s, one).isRight).length;
    return [right, {w_x: s.w_x, w_h: s.w_h, b: s.b}];
}"""


def main():
    lines = ["unseen sequences that are right, of 40, after the descent from each random start"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        page = browser.new_page()
        page.add_script_tag(content=base.scopes("lit-html", "cells", "base", "tasks"))
        for task in tasks.TASKS:
            explorer = GateExplorer(task).plain()
            found = [page.evaluate(DESCEND, [explorer, start]) for start in tasks.starts()]
            lines += [f"{task:<9} {' '.join(f'{right:2}' for right, _ in found)}"]
            print(lines[-1], flush=True)
        browser.close()
    lines += ["", "the weights of quote after the first descent"]  # the last task is quote
    for name, by_gate in found[0][1].items():
        lines += [f"{name:<4} " + " ".join(f"{k} {v:5.2f}" for k, v in by_gate.items())]
    (HERE / "descents.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
