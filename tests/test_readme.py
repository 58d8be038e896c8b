"""The code in README.md runs, and its pictures exist."""

import re
from pathlib import Path

import numpy as np
import torch

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
