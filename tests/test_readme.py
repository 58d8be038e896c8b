"""The code in README.md runs, and its pictures are there."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_code_on_your_own_model_agrees_with_the_module():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    *before, last = code.strip().splitlines()
    names = {}
    exec("\n".join(before), names)
    output, _ = names["module"](names["x"])
    np.testing.assert_allclose(names["trace"].h, output.detach(), atol=1e-6)
    shown = eval(last, names).values["h"]
    assert shown == pytest.approx(output[5, 0, 3].item(), abs=1e-6)


def test_its_pictures_exist_and_the_screenshot_is_small():
    pictures = re.findall(r"figures/[\w.]+\.(?:png|svg)", README)
    assert "figures/gate_explorer.png" in pictures
    for picture in pictures:
        assert (ROOT / picture).stat().st_size < 150_000
