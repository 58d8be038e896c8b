"""The code in README.md runs, its pictures exist, and its table lists every notebook."""

import re
from pathlib import Path

import nbformat
import numpy as np
import torch

from tools import notebooks

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ten_lines_lead_from_a_module_to_the_widgets(capsys):
    section = README.split("\n## On your own model\n")[1].split("\n## ")[0]
    model, code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    lines = [line for line in code.splitlines() if line and not line.startswith("#")]
    assert len(lines) == 10
    made = {}
    torch.manual_seed(0)
    exec(model, made)
    exec(code, made)
    assert capsys.readouterr().out == "(4, 1, 32)\n"

    explorer, player, one = made["explorer"], made["player"], made["traces"][3]
    np.testing.assert_allclose(explorer.values["c"], one.c[2, 0, 7], atol=1e-5)
    ids = [made["words"].index(word) for word in made["sentences"][1].split()]
    with torch.no_grad():
        output, _ = made["rnn"](made["embedding"](torch.tensor(ids)))
        theirs = made["readout"](output).softmax(-1)
    np.testing.assert_allclose(player.values["runs"][1]["p"], theirs, atol=1e-6)
    reader = made["reader"]
    ids = torch.tensor([made["words"].index(word) for word in made["text"].split()])
    with torch.no_grad():
        theirs = made["readout"](made["rnn"](made["embedding"](ids))[0]).softmax(-1)
    np.testing.assert_allclose(reader.values["p"], theirs[0], atol=1e-6)
    for widget in (explorer, player, reader):
        assert widget._repr_mimebundle_()[0]["image/png"]


def test_its_pictures_exist_and_the_screenshot_is_small():
    pictures = re.findall(r"figures/[\w.]+\.(?:png|svg)", README)
    assert "figures/gate_explorer.png" in pictures
    for picture in pictures:
        assert (ROOT / picture).stat().st_size < 150_000


def test_each_notebook_has_a_row_in_the_table_and_a_badge_that_opens_it():
    badge = r"colab\.research\.google\.com/github/.+?/blob/main/notebooks/(.+?)\)"
    row = rf"^\| (\d+) \| \[.+?\]\(notebooks/(.+?)\).*{badge} \|$"
    rows = re.findall(row, README, re.MULTILINE)
    paths = notebooks.notebooks()
    assert rows == [(str(n), path.name, path.name) for n, path in enumerate(paths, start=1)]
    for path in paths:
        title = nbformat.read(path, as_version=4).cells[0].source
        assert re.findall(badge, title) == [path.name]
