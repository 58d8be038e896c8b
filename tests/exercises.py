"""Two plausible wrong answers to each exercise; the exercise's check must reject both.

A wrong answer is code, or a pair (old, new) that changes the folded solution.
"""

PEEPHOLE_AT_THE_OLD_C = """
def peephole_step(params, p_i, p_f, p_o, x, h, c):
    a = x @ params.W_ih.T + params.b_ih + h @ params.W_hh.T + params.b_hh
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    c_new = sigmoid(a_f + p_f * c) * c + sigmoid(a_i + p_i * c) * np.tanh(a_g)
    return sigmoid(a_o + p_o * c) * np.tanh(c_new), c_new

more_parameters = 3
"""

HELLO = 'answer_3 = {"output": (5, 3, 2), "h_n": (1, 3, 2), '

SUBJECT = """
def subject(c, h):
    return "i" if np.linalg.norm({a} - {b}) < np.linalg.norm({c} - {d}) else "you"
"""

LEAVING = {"dx", "dh_before", "dW_ih", "dW_hh", "db_ih", "db_hh"}

BACK_TO_R = """
def back_to_r(da_n, r, h_before, W_hn):
    drh = da_n @ W_hn
    return {{"dr": drh * h_before, "dh": drh * r, "dW_hn": {}}}
"""

SHAPES = 'answer_1 = {"output": (7, 4, 6), "h_n": (4, 4, 3), '

INITIALIZE_GRU = """
@torch.no_grad()
def initialize_gru(gru):
    for name, parameter in gru.named_parameters():
        for gate, block in zip("rzn", parameter.split(gru.hidden_size)):
            if "weight_hh" in name:
                nn.init.orthogonal_(block)
            elif "weight_ih" in name:
                nn.init.xavier_normal_(block)
            else:
                nn.init.constant_(block, 2 if gate == "z" else 0)
    return gru
"""

AVERAGE = """
def average(one, other):
    return {}
"""

OWN_STEP = """
class OwnStep(models.SequenceClassifier):
    def last_states(self, x, lengths):
        output, _ = self.lstm(x)
        return {}
"""

WRONG = {
    "01_rnn": {
        1: [
            'answer_1 = {"verb": 0.693, "subject": 1.099, "neither": 1.330, "votes": 0.462}',
            'answer_1 = {"verb": 0.462, "subject": 0.868, "neither": 1.242, "votes": 0.462}',
        ],
        2: ["answer_2 = 1", "answer_2 = 5"],
        3: ["answer_3 = {1, 2}", "answer_3 = {1}"],
        4: [
            "def derivative_from(h):\n    return 1 - h**2",
            "def derivative_from(h):\n    return h",
        ],
        5: [
            ("(dh[t] + dh_next)", "dh[t]"),
            ("da.T @ h[t]", "da.T @ h[t + 1]"),
        ],
    },
    "02_lstm_gate_by_gate": {
        1: [
            'overwrite.b = {"i": 10.0, "f": 10.0}',
            'overwrite.b = {"i": 10.0, "f": -10.0, "g": 0.0}; overwrite.w_x = {"g": 1.0}',
        ],
        2: [
            'count.b = {"i": 10.0, "f": 10.0, "g": 5.0}',
            'count.b = {"i": 10.0, "f": 2.0, "g": 0.0}; count.w_x = {"g": 5.0}',
        ],
        3: [
            HELLO + '"c_n": (1, 3, 2), "o": h_printed / c_printed}',
            HELLO + '"c_n": (3, 2), "o": h_printed / np.tanh(c_printed)}',
        ],
        4: [
            'answer_4 = {"w_x": [20, -20, 0, 0], "w_h": [0] * 4, "b": [-10, 10, 5, 10]}',
            'answer_4 = {"w_x": [20, 0, 0, 0], "w_h": [0, 0, -20, 0], "b": [-10, 10, 5, 10]}',
        ],
        5: [
            PEEPHOLE_AT_THE_OLD_C,
            PEEPHOLE_AT_THE_OLD_C.replace("p_o * c", "p_o * c_new").replace("= 3", "= 4"),
        ],
    },
    "03_lstm_backward_by_hand": {
        1: ["answer_1 = 20", "answer_1 = 0"],
        2: [
            "def coupled_da_f(dc, c_before, f, g):\n    return dc * c_before * f * (1 - f)",
            "def coupled_da_f(dc, c_before, f, g):\n    return dc * (c_before - g)",
        ],
        3: ["answer_3 = 0.97", "answer_3 = 1.0"],
        4: [
            ("dc = dc_next + dh", "dc = dh"),
            ("dc * c * f", "dc * (f * c + i * g) * f"),  # the new c instead of the old one
        ],
    },
    "04_textrnn_vs_textlstm": {
        1: [
            'answer_1 = {"smaller": 2, "larger": 3, "lower": 2}',
            'answer_1 = {"smaller": 1, "larger": 2, "lower": 1}',
        ],
        2: [
            'answer_2 = {"all words": 1605, "RNN": 85}',
            'answer_2 = {"all words": 1665, "RNN": 134}',
        ],
        3: [
            SUBJECT.format(a="h", b="i_h", c="h", d="you_h"),
            SUBJECT.format(a="c", b="you_c", c="c", d="i_c"),
        ],
    },
    "05_gru": {
        1: ['answer_1 = {"a", "b", "c", "e"}', 'answer_1 = {"c"}'],
        2: [
            'answer_2 = {"gru": 1, "lstm": 1, "steps": 29}',
            'answer_2 = {"gru": 1, "lstm": 50, "steps": 28}',
        ],
        3: [
            f'answer_3 = {{"bug 1": {LEAVING}, "bug 2": {LEAVING}}}',
            f'answer_3 = {{"bug 1": {LEAVING}, "bug 2": {{"dW_hh"}}}}',
        ],
        4: [
            BACK_TO_R.format("da_n.T @ h_before"),
            BACK_TO_R.replace("drh * r", "drh").format("da_n.T @ (r * h_before)"),
        ],
        5: [
            ("dh * z + du", "du"),
            ("da_z, da_n * r]", "da_z, da_n]"),
        ],
    },
    "06_nn_lstm_in_practice": {
        1: [
            SHAPES + '"c_n": (4, 4, 3), "parameters": 1760}',
            SHAPES + '"c_n": (4, 4, 8), "parameters": 1632}',
        ],
        2: ['answer_2 = {"forward"}', 'answer_2 = {"forward", "backward"}'],
        3: [
            'answer_3 = {"batch_sizes": [10, 2, 2, 2, 2, 2, 2, 2, 2, 10], "words": 36}',
            'answer_3 = {"batch_sizes": [10, 10, 2, 2, 2, 2, 2, 2, 2, 2], "words": 64}',
        ],
        4: [
            INITIALIZE_GRU,  # sets both biases of gate z to 2 instead of only one
            INITIALIZE_GRU.replace("2 if gate", '2 if "bias_ih" in name and gate').replace(
                "xavier_normal_(block)", "xavier_normal_(parameter)"
            ),
        ],
    },
    "07_a_real_training_loop": {
        1: [
            # The logits of the two models have different scales.
            AVERAGE.format("(one + other).argmax(dim=1)"),
            AVERAGE.format("one.softmax(dim=1) + other.softmax(dim=1)"),
        ],
        2: ["answer_2 = {2: (5, 5), 3: (9, 9)}", "answer_2 = {2: (10, 10), 3: (10, 10)}"],
        3: ["answer_3 = [1.2, 1.6]", "answer_3 = [2.0, 2.0]"],
        4: [
            OWN_STEP.format("output[-1]"),
            OWN_STEP.format("output[lengths - 1, 0]"),
        ],
    },
}
