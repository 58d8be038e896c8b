"""In a browser, GateExplorer gives the same verdicts as Python and the same descent as torch."""

import numpy as np
import pytest
import torch
from appearance import violations
from blank_page import MOUNT, PAGE, state
from playwright.sync_api import expect
from programs import SOLVED

from gatewise.widgets import GateExplorer, base, tasks
from gatewise.widgets.gate_explorer import UNPROGRAMMED

all_tasks = pytest.mark.parametrize("task", tasks.TASKS)


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    scripts = base.scopes("lit-html", "cells", "base", "tasks")
    page.add_script_tag(content=f"{scripts}window.tasks = modules.tasks;")
    yield page
    page.close()


# ── agreement with Python ───────────────────────────────────────────────────────────────────


def near(task, rng):
    """Return random weights that are either near or far from a solution."""
    solved = GateExplorer(task, **SOLVED[task])
    far = rng.choice([0, 1, 4, 8])
    return {
        name: {k: v + far * rng.normal() for k, v in getattr(solved, name).items()}
        for name in ("w_x", "w_h", "b")
    }


JUDGE = """([s, all]) => all.map(drawn => [s.sequences, s.unseen].map(sequences =>
    tasks.countRight(sequences.map(one => tasks.judge({...s, ...drawn}, one)))))"""


@all_tasks
def test_verdicts_equal_pythons_at_fifty_settings_per_task(page, task, capsys):
    rng = np.random.default_rng(0)
    drawn = [near(task, rng) for _ in range(50)]
    counts = page.evaluate(JUDGE, [GateExplorer(task).plain(), drawn])
    for weights, (visible, unseen) in zip(drawn, counts, strict=True):
        explorer = GateExplorer(task, **weights)
        assert explorer.values["right"] == visible
        assert explorer.check() is (unseen == 40)
        assert capsys.readouterr().out == f"{task}: {unseen} of 40 unseen sequences\n"
    assert 10 <= sum(unseen == 40 for _, unseen in counts) <= 40


def by_torch(task, start, steps):
    """Return the loss before each step of torch's gradient descent, and the final weights."""
    cell = torch.nn.LSTMCell(1, 1, dtype=torch.float64)
    trained = dict(zip(start, [cell.weight_ih, cell.weight_hh, cell.bias_ih], strict=True))
    with torch.no_grad():
        cell.bias_hh.zero_()
        for name, parameter in trained.items():
            row = torch.tensor([start[name][k] for k in "ifgo"], dtype=torch.float64)
            parameter.copy_(row.view_as(parameter))
    descent = torch.optim.SGD(trained.values(), lr=tasks.DESCENT["rate"])
    losses = []
    for _ in range(steps):
        distances = []
        for sequence in tasks.visible(task):
            h, c = (torch.full((1, 1), v, dtype=torch.float64) for v in (0, sequence.c0))
            for x, target in zip(sequence.x, sequence.target, strict=True):
                h, c = cell(torch.tensor([[x]], dtype=torch.float64), (h, c))
                if not np.isnan(target):
                    distances.append(c - target)
        loss = (torch.cat(distances) ** 2).mean()
        descent.zero_grad()
        loss.backward()
        descent.step()
        losses.append(loss.item())
    weights = {name: parameter.detach().ravel().tolist() for name, parameter in trained.items()}
    return losses, weights


DESCEND = """([s, steps]) => {
    const losses = [];
    for (let n = 0; n < steps; n++) {
        const {loss, ...next} = tasks.descend(s, s.sequences, s.descent.rate);
        losses.push(loss);
        s = {...s, ...next};
    }
    return [losses, {w_x: s.w_x, w_h: s.w_h, b: s.b}];
}"""


@all_tasks
@pytest.mark.parametrize("start", [UNPROGRAMMED, tasks.starts()[0]], ids=["given", "random"])
def test_twenty_steps_equal_torchs_gradient_descent(page, task, start):
    explorer = GateExplorer(task, **start)
    losses, found = page.evaluate(DESCEND, [explorer.plain(), 20])
    torchs, weights = by_torch(task, start, 20)
    np.testing.assert_allclose(losses, torchs, rtol=0, atol=1e-9)
    for name, row in weights.items():
        np.testing.assert_allclose([found[name][k] for k in "ifgo"], row, rtol=0, atol=1e-9)
    assert losses[0] == pytest.approx(tasks.loss(explorer.params, tasks.visible(task)), abs=1e-12)
    assert losses[-1] < losses[0]


# ── the verdict ─────────────────────────────────────────────────────────────────────────────
# These weights solve all visible sequences, although the input gate still depends on the input.
WEAK = {"w_x": {"i": 1, "g": 1}, "b": {"f": 6, "i": -6}}


def test_forty_unseen_sequences_are_the_verdict_and_the_first_that_fails_is_drawn(show):
    view = show(GateExplorer("keep", **WEAK))
    root = view.root
    ready, verdict = root.get_by_role("status").first, root.get_by_role("status").nth(1)
    expect(ready).to_have_text(
        "8 of 8 sequences: c stays put on these. The test is 40 unseen ones."
    )
    right = [one.right(view.widget.params) for one in tasks.unseen("keep")]
    first = right.index(False) + 1
    root.get_by_role("button", name="Try 40 unseen ones").press("Enter")
    expect(verdict).to_have_text(
        f"Not yet: {sum(right)} of 40 unseen sequences. Number {first}, drawn below, fails."
    )
    chip = root.get_by_role("button", name=f"unseen sequence {first}: not yet")
    expect(chip).to_have_attribute("aria-pressed", "true")
    explorer = view.bring()
    assert explorer.sequence == 8 + first
    drawn, now = tasks.unseen("keep")[first - 1], explorer.step - 1
    c = drawn.run(explorer.params).c.ravel()
    inside = (drawn.low <= c) & (c <= drawn.high)
    assert now == inside.tolist().index(False)
    assert view.shown()["c"] == pytest.approx(c[now], abs=0.005 + 1e-9)
    assert view.shown()["x"] == pytest.approx(drawn.x[now], abs=0.005 + 1e-9)
    root.get_by_role("button", name="sequence 1: right", exact=True).click()
    assert view.bring().sequence == 1
    chip.click()
    assert view.bring().sequence == 8 + first
    # The failing sequence must stay in view after its cause is fixed.
    view.send(b={"i": -8})
    expect(root.get_by_role("button", name=f"unseen sequence {first}: right")).to_be_visible()
    expect(verdict).to_have_text("")
    root.get_by_role("button", name="Try 40 unseen ones").click()
    expect(verdict).to_have_text("Solved: c stays put on 40 of 40 unseen sequences.")
    assert view.bring().check()


@all_tasks
def test_the_verdict_on_the_page_is_that_of_check(show, task, capsys):
    view = show(GateExplorer(task, **SOLVED[task]))
    view.root.get_by_role("button", name="Try 40 unseen ones").click()
    expect(view.root.get_by_text("Solved:")).to_be_visible()
    assert view.widget.check()


def test_a_solved_task_is_remembered_by_this_browser_alone(browser):
    context, asked = browser.new_context(), []

    def visit(explorer):
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.route("**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto("http://gatewise.test/")
        page.evaluate(MOUNT, state(explorer))
        return page.locator("main")

    before = "Solved before"
    root = visit(GateExplorer("keep", **SOLVED["keep"]))
    root.get_by_role("button", name="Try 40 unseen ones").click()
    expect(root.get_by_text("Solved:")).to_be_visible()
    expect(root.get_by_text(before)).to_have_count(0)
    expect(visit(GateExplorer("keep")).get_by_text(before)).to_be_visible()
    other = visit(GateExplorer("quote"))
    expect(other.get_by_role("status").first).to_contain_text("of 8 sequences")
    expect(other.get_by_text(before)).to_have_count(0)
    assert {url.partition(":")[0] for url in asked} <= {"http", "blob"}
    assert {url for url in asked if url.startswith("http")} == {"http://gatewise.test/"}
    context.close()


# ── the descent ─────────────────────────────────────────────────────────────────────────────


def short(explorer, steps):
    """Limit the explorer's gradient descent to `steps` steps, and return the explorer."""
    descent = explorer.constants["descent"] | {"steps": steps}
    explorer.set_trait("constants", explorer.constants | {"descent": descent})
    return explorer


def test_the_keyboard_alone_starts_and_stops_a_descent_and_compares_both_solutions(show):
    view = show(GateExplorer("keep", **SOLVED["keep"]))
    root, page = view.root, view.page
    root.get_by_text("Let it learn").press("Enter")
    before = view.shown()["loss"]
    assert before == pytest.approx(view.widget.values["loss"], rel=0.05)
    root.get_by_role("button", name="Descend from random weights 1").press("Enter")
    loss = root.locator("[data-value=loss]")
    page.wait_for_function("node => Number(node.textContent) > 0.01", arg=loss.element_handle())
    root.get_by_role("button", name="Stop").press("Enter")
    yours = root.get_by_role("button", name="Yours: 40 of 40 unseen")
    found = root.get_by_role("button", name="Descent’s:")
    expect(found).to_have_attribute("aria-pressed", "true")
    explorer = view.bring()
    learned = explorer.b
    assert explorer.w_x != tasks.starts()[0]["w_x"]
    assert view.shown()["loss"] == pytest.approx(explorer.values["loss"], rel=0.05)
    right = sum(one.right(explorer.params) for one in tasks.unseen("keep"))
    expect(found).to_have_text(f"Descent’s: {right} of 40 unseen")
    assert violations(root) == []
    yours.press("Enter")
    expect(yours).to_have_attribute("aria-pressed", "true")
    assert view.bring().b == {"i": -10, "f": 10, "g": 0, "o": 1}
    found.press("Enter")
    assert view.bring().b == learned
    expect(root.get_by_role("button", name="Descend from random weights 2")).to_be_visible()


def test_a_descent_ends_after_its_steps_and_draws_the_end_alone_without_motion(show):
    view = show(short(GateExplorer("overwrite"), 20), reduced_motion="reduce")
    view.root.get_by_text("Let it learn").click()
    view.root.get_by_role("button", name="Descend from here").click()
    expect(view.root.get_by_role("button", name="Descent’s:")).to_be_visible()
    _, weights = by_torch("overwrite", UNPROGRAMMED, 20)
    assert view.page.evaluate("messages.length") <= 2
    explorer = view.bring()
    for name, row in weights.items():
        assert [getattr(explorer, name)[k] for k in "ifgo"] == pytest.approx(row, abs=1e-9)


def test_moving_a_weight_ends_a_descent(show):
    view = show(GateExplorer("keep"))
    view.root.get_by_text("Let it learn").click()
    view.root.get_by_role("button", name="Descend from here").click()
    view.root.get_by_text("Set the weights").click()
    view.root.get_by_role("slider", name="bias b, forget gate").press("End")
    expect(view.root.get_by_role("button", name="Descend from here")).to_be_visible()
    assert view.bring().b["f"] == 10
