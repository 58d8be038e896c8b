"""UnrollPlayer shows the same numbers as gatewise.cells and torch."""

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from gatewise import models, text
from gatewise.text import SENTENCES
from gatewise.widgets import UnrollPlayer

VOCABULARY = text.Vocabulary()
LETTER = re.compile("^[figoch], ")  # matches the start of a map's name
# Return the numbers next to each map, which are the selected unit's values for A and B.
CAPTIONS = """groups => Object.fromEntries(groups.map(group => [
    group.getAttribute("aria-label")[0],
    [...group.querySelectorAll("figcaption")].map(({textContent}) =>
        textContent && Number(textContent.replace("−", "-"))),
]))"""
LIKELY = """(rows, name) => Object.fromEntries(rows.map(row => [
    row.querySelector("th").textContent,
    Number(row.querySelector(`td.${name} .number`).textContent)]))"""


@pytest.fixture(scope="module")
def model():
    """Return a model whose large weights make words and units differ visibly."""
    torch.manual_seed(0)
    model = models.TextLSTM(9, 5).requires_grad_(False)
    for parameter in model.parameters():
        parameter.mul_(3)
    return model


@pytest.fixture
def view(show, model):
    return show(UnrollPlayer(model, VOCABULARY))


def box(view, name):
    return view.root.get_by_label(f"sentence {name}", exact=True)


def write(view, name, sentence):
    box(view, name).press("ControlOrMeta+a")
    box(view, name).press("Delete")
    box(view, name).press_sequentially(sentence)


def swap(view, t, name, word):
    view.root.get_by_label(f"word {t} of sentence {name}", exact=True).select_option(word)


def click(view, name):
    view.root.get_by_role("button", name=name, exact=True).click()


def slider(view, name):
    return view.root.get_by_role("slider", name=name, exact=True)


def likely(view, name="A"):
    return view.root.locator("tbody tr").evaluate_all(LIKELY, name)


def rounded(value):
    return pytest.approx(value, abs=0.005 + 1e-9)


def agree(view):
    """Assert that the screen and Python agree for all units and steps. Returns the player."""
    player = view.bring()
    runs = player.values["runs"]
    slider(view, "unit").press("Home")
    for unit in range(5):
        slider(view, "time step t").press("Home")
        for t in range(max(len(run["words"]) for run in runs)):
            captions = view.root.get_by_role("group", name=LETTER).evaluate_all(CAPTIONS)
            assert captions.keys() == set("figoch")
            for b, run in enumerate(runs):
                at = min(t, len(run["words"]) - 1)
                assert {k: v[b] for k, v in captions.items()} == {
                    k: rounded(run[k][at][unit]) for k in captions
                }
                p = dict(zip(VOCABULARY.words, run["p"][at], strict=True))
                assert likely(view, "AB"[b]) == rounded(p)
            slider(view, "time step t").press("ArrowRight")
        slider(view, "unit").press("ArrowRight")
    return player


def by_torch(model, sentence):
    x = torch.from_numpy(text.one_hot(VOCABULARY.encode(sentence), 9, np.float32))
    with torch.no_grad():
        steps = [model.rnn(x[: t + 1, None])[1] for t in range(len(x))]
        p = [model(x[: t + 1, None])[0].softmax(0) for t in range(len(x))]
    return {"h": [h[0, 0] for h, _ in steps], "c": [c[0, 0] for _, c in steps], "p": p}


@pytest.mark.parametrize("pair", zip(SENTENCES[:3], SENTENCES[3:], strict=True))
def test_numbers_are_torchs_for_typed_sentences_and_swapped_words(view, model, pair):
    def check(sentences):
        player = agree(view)
        assert player.sentences == sentences
        for run, sentence in zip(player.values["runs"], sentences, strict=True):
            for k, theirs in by_torch(model, sentence).items():
                np.testing.assert_allclose(run[k], torch.stack(theirs), atol=1e-5)

    for name, sentence in zip("AB", pair, strict=True):
        write(view, name, sentence)
    check([*pair])
    slider(view, "time step t").press("End")
    swap(view, 3, "A", "cat")
    click(view, "Step back")
    swap(view, 2, "B", "like")
    assert view.bring().step == 2
    (i, verb, _), (you, _, last) = (sentence.split() for sentence in pair)
    check([f"{i} {verb} cat", f"{you} like {last}"])


def test_with_f_held_at_zero_c_is_i_times_g(view):
    free = likely(view, "B")
    click(view, "Force f to 0")
    assert likely(view, "B") != free
    player = agree(view)
    assert player.clamp == {"f": 0}
    for run in player.values["runs"]:
        assert not np.any(run["f"])
        np.testing.assert_allclose(run["c"], np.multiply(run["i"], run["g"]), atol=1e-12)
    expect(view.root.get_by_text("forced to 0", exact=True)).to_be_visible()
    slider(view, "time step t").press("End")
    click(view, "Force f: off")
    assert view.bring().clamp == {}
    assert likely(view, "B") == free


def test_one_unit_alone_is_held(view):
    unit = slider(view, "unit")
    for _ in range(3):
        unit.press("ArrowRight")
    click(view, "unit 3 alone")
    click(view, "Force o of unit 3 to 0")
    player = view.bring()
    assert player.clamp == {"o3": 0}
    h = player.values["runs"][0]["h"][1]
    assert [v == 0 for v in h] == [False, False, False, True, False]
    expect(view.root.get_by_text("unit 3 forced to 0")).to_be_visible()
    assert unit.get_attribute("aria-valuetext").startswith("3: c A")
    agree(view)


def test_an_unknown_word_gets_a_hint_from_the_vocabulary(view):
    alert, first = view.root.get_by_role("alert"), likely(view, "B")
    write(view, "B", "you adore")
    box(view, "B").press("Tab")
    expect(alert).to_contain_text("“adore” is not in the vocabulary: cat, coffee, dog, hate")
    assert alert.inner_text().endswith(VOCABULARY.words[-1])
    expect(box(view, "B")).to_have_attribute("aria-invalid", "true")
    expect(box(view, "B")).to_have_value("you adore")
    assert [s.split() for s in view.bring().sentences] == [["i", "love"], ["you"]]  # known words
    assert likely(view, "B") != first
    write(view, "B", "you hate")
    expect(alert).not_to_be_visible()
    assert view.bring().sentences == ["i love", "you hate"]
    write(view, "B", "")
    player = view.bring()
    assert player.sentences == ["i love"]
    assert player.values["apart"] == {}


def test_keys_move_through_the_sentence(view):
    step = slider(view, "time step t")
    for key, value in [("ArrowLeft", "1"), ("ArrowUp", "2"), ("Home", "1"), ("End", "2")]:
        step.press(key)
        assert step.input_value() == value
        assert view.bring().step == int(value)
    assert "word 2 of 2: A love, B love, A predicts" in step.get_attribute("aria-valuetext")


def test_the_distances_are_drawn_and_written(view):
    bars = view.root.locator(".bars.c")
    assert bars.get_attribute("d").count("M") == 2
    for t, key in enumerate(["Home", "End"]):
        slider(view, "time step t").press(key)
        apart = view.bring().values["apart"]
        assert view.shown() == rounded({f"apart_{k}": apart[k][t] for k in "ch"})
    write(view, "B", "i love")
    assert not bars.get_attribute("d")


def test_squares_show_their_value_and_a_click_chooses_a_unit(view):
    memory = view.root.get_by_role("group", name="c, cell state")
    svg, caption = memory.locator("svg").first, memory.locator("figcaption").first
    size = svg.bounding_box()
    svg.hover(position={"x": size["width"] - 6, "y": size["height"] - 6})
    value = view.widget.values["runs"][0]["c"][1][4]
    assert float(caption.inner_text().replace("−", "-")) == rounded(value)
    assert "c, cell state, of unit 4 after “love”, word 2 of A" in svg.get_attribute("aria-label")
    svg.click(position={"x": 26, "y": 30})
    player = view.bring()
    assert (player.step, player.unit) == (1, 1)


def test_it_plays_to_the_end_and_stops(view):
    view.page.clock.install(time=0)
    view.page.clock.pause_at(1000)
    step = slider(view, "time step t")
    play = view.root.get_by_role("button", name="Play", exact=True)
    play.click()
    pause = view.root.get_by_role("button", name="Pause", exact=True)
    expect(pause).to_be_visible()
    expect(step).to_have_value("1")
    view.page.clock.run_for(1500)  # only the test advances the page's clock
    expect(step).to_have_value("2")
    expect(play).to_be_visible()


def test_settings_from_python_are_followed(view):
    view.send(sentences=["you like cat", "i like dog"], sort=True)
    expect(box(view, "A")).to_have_value("you like cat")
    expect(view.root.get_by_text("word 3 of 3")).to_be_visible()
    numbers = view.root.get_by_role("group", name="c, cell state").locator("svg text")
    one, other = (np.array(run["c"]) for run in view.widget.values["runs"])
    order = np.argsort(-np.abs(one - other).sum(axis=0), kind="stable")
    assert [int(n) for n in numbers.all_text_contents()][:5] == order.tolist()


def test_reset_restores_the_first_state(view):
    first, shown = view.widget.get_state(), likely(view, "B")
    click(view, "Force f to 0")
    write(view, "B", "you hate dog")
    click(view, "Reset")
    assert view.bring().get_state() == first
    assert likely(view, "B") == shown


def hand_set(f=9, i=9, o=9, others=0.0, readout=9.0, ahead=0.0):
    """Return a one-unit TextLSTM whose candidate is about 1 for "i" and −1 for "you".

    f, i, o: the pre-activations of the gates. others: the candidate's pre-activation for all other
    words. If `others` is 0, these words close the input gate. readout: the readout weight for
    "dog"; the weight for "cat" is its negative. ahead: the readout bias for "milk".
    """
    model = models.TextLSTM(9, 1).requires_grad_(False)
    for parameter in model.parameters():
        parameter.zero_()
    W_ih, b = model.rnn.weight_ih_l0, model.rnn.bias_ih_l0  # the rows belong to i, f, g, o
    speakers, (dog, cat, milk) = VOCABULARY.encode("i you"), VOCABULARY.encode("dog cat milk")
    b[:] = torch.tensor([i if others else -9, f, others, o])
    W_ih[0, speakers] = 0 if others else i + 9
    W_ih[2, speakers] = torch.tensor([9.0, -9.0]) - others
    model.W[0, [dog, cat]] = torch.tensor([readout, -readout])
    model.b[milk] = ahead
    return model


@pytest.mark.parametrize(
    ("verdict", "network", "says"),
    [
        ("read", {}, "Read: the predictions differ"),
        ("never", {"i": -9}, "Never written: c stays the same"),
        ("lost", {"f": -9}, "Lost by word 2: c differs by less than a tenth"),
        ("not shown", {"o": -9}, "Look at the output gate o."),
        ("saturated", {"others": 9}, "tanh(c) is saturated"),
        ("not read", {"readout": 0.0}, "Kept, but not read: c still differs"),
        ("leaning", {"ahead": 9.0}, "Not decisive: both predict the same"),
    ],
)
def test_what_became_of_the_difference(show, verdict, network, says):
    sentences = [f"{one} like like like love" for one in ("i", "you")]
    view = show(UnrollPlayer(hand_set(**network), VOCABULARY, sentences=sentences, step=5))
    found = view.widget.values
    assert found["difference"]["verdict"] == verdict
    told = view.root.get_by_role("status")
    expect(told).to_contain_text(view.widget.said(found)[0])
    expect(told).to_contain_text(says)


def test_a_gate_is_held_from_a_word_on_and_the_verdict_is_shown(view):
    verdict = view.root.get_by_role("status")
    said = set()
    write(view, "A", "i like love dog")
    write(view, "B", "you like love dog")
    for gate, word in [(None, 1), ("i", 1), ("f", 2), ("o", 3)]:
        for k in "fio":
            click(view, f"Force {k}: off")
        slider(view, "from word").press("Home")
        for _ in range(1, word):
            slider(view, "from word").press("ArrowRight")
        if gate:
            click(view, f"Force {gate} to 0")
        player = view.bring()
        assert player.hold_from == word
        expect(verdict).to_contain_text("After word 4, A predicts")
        expect(verdict).to_contain_text(player.said(player.values)[0])
        said.add(player.values["difference"]["verdict"])
        assert bool(view.root.locator(".unheld").first.get_attribute("d")) == bool(gate)
    assert len(said) >= 2


def test_the_free_run_stays_behind_the_held_one_on_the_same_scale(view):
    def heights(selector):
        path = view.root.locator(selector).first.get_attribute("d")
        return [float(height) for height in re.findall(r"v-([\d.]+)h", path)]

    free, apart = heights(".bars.c"), view.widget.values["apart"]["c"]
    click(view, "Force f to 0")
    held, closer = heights(".bars.c"), view.bring().values["apart"]["c"]
    assert held != free
    assert np.divide(held, closer) == pytest.approx(np.divide(free, apart), rel=1e-3)
    marks = view.root.locator(".unheld").first.evaluate("path => path.getBBox().y")
    bars = view.root.locator(".bars.c").evaluate("path => path.getBBox().y + path.getBBox().height")
    assert bars - marks == pytest.approx(max(free), abs=0.1)


def test_sorting_chooses_the_first_row_and_rows_have_numbers_on_a_phone(view):
    view.page.set_viewport_size({"width": 390, "height": 844})
    view.send(unit=2)
    click(view, "Most telling first")
    rows = view.root.get_by_role("group", name="c, cell state").locator("svg text:visible")
    numbers = [int(text) for text in rows.all_text_contents()]
    assert sorted(numbers) == list(range(5))
    assert view.bring().unit == numbers[0]


def test_a_verdict_waits_for_the_word_after_a_gate_is_forced(show):
    sentences = [f"{one} like like like love" for one in ("i", "you")]
    settings = {"clamp": {"i": 0}, "hold_from": 3, "step": 2}
    view = show(UnrollPlayer(hand_set(), VOCABULARY, sentences=sentences, **settings))
    told = view.root.get_by_role("status")
    for says in ("Too early to tell: gates are forced from word 3 on",) * 2 + ("Read: ",):
        expect(told).to_contain_text(says)
        player = view.bring()
        assert player.said(player.values)[0].startswith(says)
        slider(view, "time step t").press("ArrowRight")


def test_the_slider_beside_a_number_stays_where_it_is(show, model):
    view = show(UnrollPlayer(model, VOCABULARY, sentences=["i" + " like" * 120]))
    start = slider(view, "from word").bounding_box()
    slider(view, "from word").press("End")
    assert view.bring().hold_from == 121
    assert slider(view, "from word").bounding_box() == start


def test_held_gates_leave_the_order_of_the_units_alone(view):
    click(view, "Most telling first")
    numbers = view.root.get_by_role("group", name="c, cell state").locator("svg text")
    order = numbers.all_text_contents()
    click(view, f"unit {order[0]} alone")
    click(view, f"Force i of unit {order[0]} to 0")
    held = view.bring()
    one, other = (np.array(run["c"]) for run in held.values["runs"])
    again = np.argsort(-np.abs(one - other).sum(axis=0), kind="stable")
    assert again.tolist() != held.values["order"]
    assert numbers.all_text_contents() == order


def test_what_is_forced_is_explained_where_it_is_drawn(view):
    key = view.root.locator(".key")
    dashed, dotted = view.widget.words["since"], view.widget.words["forced"]
    expect(key).not_to_contain_text(dashed)
    expect(key).not_to_contain_text(dotted)
    slider(view, "from word").press("End")
    expect(key).to_contain_text(dashed)
    lines = view.root.locator(".since").evaluate_all("all => all.map(one => one.getAttribute('d'))")
    assert len(lines) == 1 + 2 * 6
    assert all(lines)
    click(view, "Force f to 0")
    expect(key).to_contain_text(dotted)


def three(sentences=("i um like", "you um like"), **settings):
    """Return a player that compares an RNN, an LSTM and a GRU with large weights."""
    torch.manual_seed(0)
    vocabulary, kinds = text.Vocabulary([*SENTENCES, "um"]), {}
    for kind in (models.TextRNN, models.TextLSTM, models.TextGRU):
        network = kind(10, 5).requires_grad_(False)
        for parameter in network.parameters():
            parameter.mul_(3)
        kinds[kind.__name__.removeprefix("Text")] = network
    return UnrollPlayer(kinds, vocabulary, sentences=[*sentences], filler="um", **settings)


def compared(view):
    """Assert that the displayed verdicts match Python's, and return the player."""
    player = view.bring()
    lines = view.root.get_by_role("status").locator("span").all_inner_texts()
    assert [" ".join(line.split()) for line in lines] == player.said(player.values)
    return player


def test_um_by_um_three_networks_are_compared(show):
    view, said = show(three()), []
    ums = slider(view, "words “um”:")
    for n in range(1, 6):
        player = compared(view)
        assert player.sentences == [f"{one}{' um' * n} like" for one in ("i", "you")]
        assert player.step == n + 2
        said.append(player.said(player.values))
        ums.press("ArrowRight")
    assert len({*map(tuple, said)}) > 1
    ums.press("Home")
    assert compared(view).sentences == ["i like", "you like"]
    write(view, "B", "")
    slider(view, "time step t").press("Home")
    assert compared(view).sentences == ["i like"]


def test_one_of_three_networks_is_shown_and_held(show):
    view = show(three())
    for name, letters in {"GRU": "rznh", "RNN": "h", "LSTM": "figoch"}.items():
        click(view, name)
        player = compared(view)
        assert player.chosen == name
        shown = view.root.get_by_role("group", name=re.compile("^[a-z], "))
        captions = shown.evaluate_all(CAPTIONS)
        runs = player.values["runs"]
        assert captions == {k: [rounded(run[k][2][0]) for run in runs] for k in letters}
        assert likely(view, "B") == rounded(
            dict(zip(player.vocabulary.words, runs[1]["p"][2], strict=True))
        )
    click(view, "Force f to 0")
    free = three().said(three().values)
    held = compared(view)
    assert held.said(held.values)[::2] == free[::2]
    assert held.said(held.values)[1] != free[1]
    click(view, "GRU")
    assert compared(view).clamp == {}
    click(view, "Reset")
    assert compared(view).chosen == "RNN"
