"""UnrollPlayer in a browser: its numbers are torch's, and it goes on without a kernel."""

import pytest
from faces import LOOKS, labels, look, violations

from gatewise.text import SENTENCES, Vocabulary

FIRST = """\
import numpy as np, torch
from gatewise import models, text, training
from gatewise.widgets import UnrollPlayer
vocabulary = text.Vocabulary()
x, y = map(torch.from_numpy, text.last_word_task(text.SENTENCES, vocabulary, np.float32))
torch.manual_seed(0)
model = models.TextLSTM(9, 5)
training.fit(model, x, y, epochs=300)
player = UnrollPlayer(model, vocabulary)
player"""
# How far `values` are from torch's, gate by gate, in the cell's own equations.
GAP = """\
def gap():
    far = 0
    for sentence, run in zip(player.sentences, player.values["runs"], strict=True):
        x = text.one_hot(vocabulary.encode(sentence), 9, np.float32)
        x, W_ih, W_hh, b_ih, b_hh = torch.from_numpy(x), *model.rnn.parameters()
        h = model.rnn(x[:, None])[0][:, 0]
        c = torch.cat([model.rnn(x[: t + 1, None])[1][1][0] for t in range(len(x))])
        before = torch.cat([torch.zeros(1, 5), h[:-1]])
        i, f, g, o = (x @ W_ih.T + b_ih + before @ W_hh.T + b_hh).chunk(4, dim=1)
        p = torch.stack([model(x[: t + 1, None])[0].softmax(0) for t in range(len(x))])
        theirs = dict(i=i.sigmoid(), f=f.sigmoid(), g=g.tanh(), o=o.sigmoid(), c=c, h=h, p=p)
        assert run["words"] == sentence.split() and run.keys() == {"words", *theirs}
        far = max(far, *(np.abs(v.detach().numpy() - run[k]).max() for k, v in theirs.items()))
    return float(far)"""
MORE = [
    GAP,
    "um = ' um' * 31\nwords = text.Vocabulary([*text.SENTENCES, 'um'])\n"
    "pair = [f'i{um} love', f'you{um} love']\n"
    "UnrollPlayer(models.TextGRU(10, 16), words, sentences=pair)",
    "UnrollPlayer(models.TextRNN(9, 5), vocabulary, sentences=['you hate coffee'])",
    "UnrollPlayer(models.TextLSTM(10, 16), words, sentences=pair, clamp={'f': 0.5, 'o3': 1})",
]
BOX, SWAP = "sentence {}", "word {} of sentence {}"


class Face:
    """One player on a page."""

    def __init__(self, notebook, n):
        self.notebook, self.page = notebook, notebook.page
        self.root = notebook.page.locator(".gatewise").nth(n)

    def box(self, name):
        return self.root.get_by_label(BOX.format(name), exact=True)

    def swap(self, t, name, word):
        self.root.get_by_label(SWAP.format(t, name), exact=True).select_option(word)

    def hold(self, what):
        self.root.get_by_role("button", name=what, exact=True).click()

    def step(self):
        return self.root.get_by_role("slider", name="step")

    def reset(self):
        self.root.get_by_role("button", name="reset", exact=True).click()

    def likely(self, name="A"):
        """The probability of each next word, as it is written."""
        rows = self.root.locator("tbody tr").evaluate_all(
            "(rows, name) => rows.map(row => [row.querySelector('th').textContent,"
            " Number(row.querySelector(`td.${name} .number`).textContent)])",
            name,
        )
        return dict(rows)

    def ask(self, expression, before="pass"):
        self.page.wait_for_timeout(150)  # what was let go is on its way
        return self.notebook.ask(expression, before)


@pytest.fixture(scope="module")
def lab(open_for_module):
    notebook = open_for_module([FIRST], more=MORE)
    notebook.show_all(4)
    return notebook


@pytest.fixture
def player(lab):
    face = Face(lab, 0)
    face.reset()
    yield face
    assert lab.messages == []


def test_values_are_torchs_for_all_sentences_and_swapped_words(player):
    # From here on nothing but the browser computes.
    assert player.ask("gap()", "player._compute = None") < 1e-5
    for one, other in zip(SENTENCES[:3], SENTENCES[3:], strict=True):
        player.box("A").fill(one)
        player.box("B").fill(other)
        assert player.ask("player.sentences") == [one, other]
        assert player.ask("gap()") < 1e-5
    player.swap(3, "A", "cat")
    player.root.get_by_role("button", name="one step back").click()
    player.swap(2, "B", "like")
    assert player.ask("player.sentences") == ["i hate cat", "you like coffee"]
    assert player.ask("player.step") == 2
    assert player.ask("gap()") < 1e-5
    shown = player.likely("B")
    values = player.ask("player.values['runs'][1]['p'][1]", "del player._compute")
    for word, p in zip(Vocabulary().words, values, strict=True):
        assert shown[word] == pytest.approx(p, abs=0.005 + 1e-9)


def test_with_f_held_at_zero_c_is_i_times_g(player):
    free = player.likely("B")
    player.hold("hold f at 0")
    ask = (
        "[float(np.abs(np.multiply(r['i'], r['g']) - r['c']).max()) for r in player.values['runs']]"
    )
    assert max(player.ask(ask)) < 1e-12
    assert player.ask("player.clamp") == {"f": 0}
    assert player.ask("player.values['runs'][0]['f']") == [[0] * 5] * 2
    assert player.root.get_by_text("held at 0", exact=True).is_visible()
    assert player.likely("B") != free
    # The browser's numbers are Python's.
    again = "[float(np.abs(np.array(run[k]) - player.run(s, player.clamp)[k]).max())"
    again += " for s, run in zip(player.sentences, player.values['runs']) for k in 'figochp']"
    assert max(player.ask(again)) < 1e-12
    player.hold("set f free")
    assert player.ask("player.clamp") == {}
    assert player.likely("B") == free


def test_one_unit_alone_is_held(player):
    unit = player.root.get_by_role("slider", name="unit", exact=True)
    unit.focus()
    for _ in range(3):
        player.page.keyboard.press("ArrowRight")
    player.root.get_by_role("button", name="unit 3 alone").click()
    player.hold("hold o of unit 3 at 0")
    assert player.ask("player.clamp") == {"o3": 0}
    h = player.ask("player.values['runs'][0]['h'][1]")
    assert [v == 0 for v in h] == [False, False, False, True, False]
    assert player.root.get_by_text("unit 3 held at 0").is_visible()
    assert unit.get_attribute("aria-valuetext").startswith("3: c A")


def test_an_unknown_word_is_answered_with_the_vocabulary(player):
    box, before = player.box("B"), player.ask("player.sentences")
    box.fill("you adore")
    box.press("Tab")
    alert = player.root.get_by_role("alert")
    assert alert.inner_text().startswith("“adore” is not in the vocabulary: cat, coffee, dog, hate")
    assert alert.inner_text().endswith(Vocabulary().words[-1])
    assert box.get_attribute("aria-invalid") == "true"
    assert box.input_value() == "you adore"
    assert player.ask("player.sentences") == before
    box.fill("you hate")
    assert not alert.is_visible()
    assert player.ask("player.sentences") == ["i love", "you hate"]
    box.fill("")
    assert player.ask("player.sentences") == ["i love"]
    assert player.ask("player.values['apart']") == {}


@pytest.mark.parametrize("app", ["lab", "notebooks"])
def test_keys_scrub_and_clamping_goes_on_without_a_kernel(open_notebook, server, app):
    notebook = open_notebook([FIRST], app)
    notebook.run_all()
    player = Face(notebook, 0)
    held = "dict(zip(vocabulary.words, player.run('you hate', {'f': 0})['p'][-1].tolist()))"
    meant = player.ask(held)

    notebook.end_kernel(server)
    player.step().focus()
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    at = notebook.page.evaluate(active)
    for key, value in [("ArrowLeft", "1"), ("ArrowUp", "2"), ("Home", "1"), ("End", "2")]:
        notebook.page.keyboard.press(key)
        assert player.step().input_value() == value
    assert notebook.page.evaluate(active) == at
    assert "word 2 of 2: A love, B love, A says" in player.step().get_attribute("aria-valuetext")
    player.swap(2, "B", "hate")
    free = player.likely("B")
    player.hold("hold f at 0")
    assert player.likely("B") == pytest.approx(meant, abs=0.005 + 1e-9)
    assert player.likely("B") != free
    assert notebook.messages == []


def test_the_distances_are_drawn_and_written(player):
    bars = player.root.locator(".bars.c")
    assert bars.get_attribute("d").count("M") == 2
    for t in [1, 2]:
        player.step().press("Home" if t == 1 else "End")
        for k in "ch":
            shown = float(player.root.locator(f"[data-value=apart_{k}]").inner_text())
            apart = player.ask(f"player.values['apart']['{k}'][{t - 1}]")
            assert shown == pytest.approx(apart, abs=0.005 + 1e-9)
    player.box("B").fill("i love")
    assert bars.get_attribute("d") == ""


def test_squares_answer_the_pointer_and_a_click_chooses(player):
    memory = player.root.get_by_role("group", name="c, memory")
    svg, caption = memory.locator("svg").first, memory.locator("figcaption").first
    box = svg.bounding_box()
    spot = {"x": box["width"] - 6, "y": box["height"] - 6}
    svg.hover(position=spot)
    value = player.ask("player.values['runs'][0]['c'][1][4]")
    assert float(caption.inner_text().replace("−", "-")) == pytest.approx(value, abs=0.005 + 1e-9)
    assert "c, memory, of unit 4 after “love”, word 2 of A" in svg.get_attribute("aria-label")
    svg.click(position={"x": 26, "y": 30})
    assert player.ask("[player.step, player.unit]") == [1, 1]


def test_it_plays_to_the_end_and_stops(player):
    play = player.root.locator(".play")
    play.click()
    assert (player.step().input_value(), play.inner_text()) == ("1", "pause")
    player.page.wait_for_timeout(1700)
    assert (player.step().input_value(), play.inner_text()) == ("2", "play")


def test_python_moves_the_face(player):
    player.ask("0", "player.sentences = ['you like cat', 'i like dog']")
    player.ask("0", "player.sort = True")
    assert player.box("A").input_value() == "you like cat"
    assert player.root.get_by_text("word 3 of 3").is_visible()
    numbers = player.root.get_by_role("group", name="c, memory").locator("svg text")
    shown = numbers.evaluate_all("nodes => nodes.map(node => Number(node.textContent))")
    assert shown == player.ask("player._order()")


@pytest.mark.parametrize("name", LOOKS)
def test_labels_do_not_meet_and_axe_finds_nothing(player, lab, name, tmp_path):
    page = player.page
    with look(lab, name):
        page.wait_for_timeout(300)
        player.hold("hold f at 0")
        for n in range(4):
            face = Face(lab, n)
            face.root.screenshot(path=tmp_path / f"{name}-{n}.png")
            count, meetings, outside = labels(face.root)
            assert count > 50
            assert (n, meetings) == (n, [])
            assert (n, outside) == (n, [])
        assert violations(page.locator(".gatewise")) == []
        bare = "nodes => nodes.filter(node => !node.dataset.lmSuppressShortcuts).length"
        fields = ".gatewise :is(input, select, button, [tabindex])"
        assert page.locator(fields).evaluate_all(bare) == 0


def test_a_step_is_drawn_at_once(lab):
    """32 words and 16 units, two sentences, six letters: 6,144 squares."""
    page, face = lab.page, Face(lab, 3)
    waits = face.root.evaluate(
        """async face => {
            const range = face.querySelector(".timeline input");
            const waits = [];
            for (let n = 0; n < 30; n++) {
                range.value = n + 1;
                const begin = performance.now();
                range.dispatchEvent(new Event("input", {bubbles: true}));
                face.getBoundingClientRect();
                waits.push(performance.now() - begin);
                await new Promise(requestAnimationFrame);
            }
            return waits.sort((a, b) => a - b);
        }"""
    )
    print(f"median {waits[15]:.1f} ms for a step of 33 words, 16 units, two sentences")
    assert waits[15] < 50  # 13 ms were measured on a busy machine
    page.wait_for_timeout(200)
    assert lab.messages == []
