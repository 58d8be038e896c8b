"""The drawings of cells and unrolled chains: one geometry for SVG text, scripts and matplotlib.

A drawing function returns a `Drawing`. `drawing.svg(alt, values)` is its SVG text,
`drawing.draw(ax, values)` draws it onto matplotlib axes. Without `values` it is the plain drawing.
With `values`, a dict from names to numbers, each wire is as thick as its value, each valve as open
as its gate, and the numbers are written. `values={}` gives the same elements without numbers:
a template that a script fills in.

**Theme.** Colors are CSS variables with the light theme as fallback, so a page that defines none
gets dark ink on a light ground, and a program that knows no variables reads plain attributes. A
host defines all of them or none: `--gw-ink` (on the root, the shapes use currentColor),
`--gw-ground`, `--gw-panel` (inside of a cell), `--gw-line` (its frame), `--gw-muted`, and a color
per quantity: `--gw-f`, `-i`, `-g`, `-o`, `-c`, `-h`, `-x`, `-r`, `-z`, `-n`, `-q`. `LIGHT` and
`DARK` are the two themes as dicts from those names, without `--gw-`. Opacities, widths and fonts
are plain attributes: a style sheet may change them.

**Anchors.** An SVG has no ids, so any number of drawings fit on one page. A script finds:

- `svg[data-drawing="lstm-cell"]`, and in it `g[data-part="f-layer"]`, one group per part.
- `path[data-wire="kept"]` with `data-quantity="c"`: the colored band under a wire, drawn only if
  there are values. Set its stroke-width to `thickness(value)` and its stroke-dasharray to "5 4" if
  the value is negative, "none" otherwise. One name may be on several paths. The path starts where
  the wire does: `path.getPointAtLength(0)` of `c_before`, `h_before` and `x` is where a slider
  belongs.
- `g[data-valve="f"]` with `data-r="14"` and `data-quantity`, moved and turned by its transform; in
  it `path[data-slot]`. Set d to `opening(r, value)`, the outline around (0, 0).
- `[data-number="kept"]`, a text or tspan: set textContent to `number(value)`, with a plus sign
  where `data-sign` is present. It has its place, anchor and color.
- `text[data-symbol="c_t−1"]` is a symbol, `text[data-label]` any other text of the drawing.

Names in `lstm_cell()`: wires c_before, kept, added, c, tanh_c, h_before, x, h, f, i, g, o; numbers
kept, added, c, h, f, i, g, o; valves f, i, o. In `gru_cell(reset_after=True)` and `False`: wires
and numbers h_before, q, gated, kept, rest (1 − z), added, x, h, r, z, n (no number for h_before
and x); valves z, rest, r. In `rnn_cell()`: wires h_before, x, h; number h.

**Backward.** `lstm_cell(backward=True)` and `rnn_cell(backward=True)` are the same cells, their
wires in `--gw-line` and without tips, under the wires of the gradients. There, a gradient's wire is
`g[data-flow][data-stage]`, in it `path[data-wire="dh"]` (the band, its thickness
`gradient_thickness(value)`), `path[data-core]` (a thin line in ink, in the forward direction, so an
animation runs against it) and, where the gradient arrives, `path[data-tip]`.

- `data-stage`: one of dh, do, dc, df, di, dg, da, back. On flows, on texts with numbers and
  symbols, and on the parts (`g[data-part="o-times"][data-stage="do"]`) that a gradient passes at
  that stage.
- `data-when="loss"` or `"later"`: only at the step of the loss, or only before it.
- `text[data-symbol]` that changes with the step: its first child is the letter, prefixed by "d"
  once it is a gradient (from its `data-stage` on, if it has one), and `tspan[data-index]` is the
  step, this one ("t") or the one before ("t−1").
- `[data-number]` as above, written by `figure(value)`; in a tspan behind its own symbol where the
  wire has none.
- `path[data-cut]`: the mark across the wire of h where it is detached, hidden (visibility).

Names in the LSTM: dh, do, dc, dc_from_h, dc_from_c, df, di, dg, da_f, da_i, da_g, da_o, dh_before,
dc_before. In the RNN: dh, da, dh_before. The plain drawing shows the gradient on x, too.
`lstm_cell(backward="dc")` shows what is known at a stage; `at_stage` does so for the step of the
loss or for those before it. There, `values["t"]` is the step and `values["cut"]` shows the mark.

**Formulas**, the same in scripts: see `thickness`, `gradient_thickness`, `opening`, `number` and
`figure` in `gatewise.drawings.values`.
"""

from gatewise.drawings.backward import STAGES, at_stage
from gatewise.drawings.concepts import four_layers, interfaces, legend, stacked, valve
from gatewise.drawings.drawing import Drawing
from gatewise.drawings.gradient_paths import fork, rnn_through_time
from gatewise.drawings.gru import GRU_SECTIONS, gru_cell
from gatewise.drawings.lstm import LSTM_SECTIONS, lstm_cell
from gatewise.drawings.lstm_chain import lstm_chain
from gatewise.drawings.preactivations import preactivations
from gatewise.drawings.rnn import chain, rnn_cell
from gatewise.drawings.theme import DARK, LIGHT
from gatewise.drawings.through_time import lstm_through_time

__all__ = [
    "DARK",
    "GRU_SECTIONS",
    "LIGHT",
    "LSTM_SECTIONS",
    "STAGES",
    "Drawing",
    "at_stage",
    "chain",
    "fork",
    "four_layers",
    "gru_cell",
    "interfaces",
    "legend",
    "lstm_cell",
    "lstm_chain",
    "lstm_through_time",
    "preactivations",
    "rnn_cell",
    "rnn_through_time",
    "stacked",
    "valve",
]
