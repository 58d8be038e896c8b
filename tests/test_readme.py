"""The README's section on the reader's own model runs, and says the truth."""

import re
from pathlib import Path

import numpy as np
import torch

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_eight_lines_lead_from_a_module_to_the_widgets(capsys):
    section = README.split("\n## On your own model\n")[1].split("\n## ")[0]
    model, code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    lines = [line for line in code.splitlines() if line and not line.startswith("#")]
    assert len(lines) == 8
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
    for widget in (explorer, player):
        assert widget._repr_mimebundle_()[0]["image/png"]
