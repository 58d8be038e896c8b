"""Drawings of cells and unrolled chains, with the same geometry in SVG and in matplotlib.

A drawing function returns a `Drawing`. `drawing.svg(alt, values)` returns its SVG text, and
`drawing.draw(ax, values)` draws it onto matplotlib axes. Without `values`, the drawing is plain.
If `values` is a dict from names to numbers, the numbers are written into the drawing, each wire's
thickness shows its value, and each valve's opening shows its gate. `values={}` gives the same
elements without numbers, as a template that a script fills in.

**Theme.** Colors are CSS variables that fall back to the light theme. On a page that defines no
such variables, a drawing is dark on a light background; a program that doesn't support CSS
variables reads plain attributes. A page must define all of the variables or none: `--gw-ink` (the
shapes use currentColor from the root), `--gw-ground`, `--gw-panel` (the inside of a cell),
`--gw-line` (the frame of a cell), `--gw-muted`, and one color per quantity: `--gw-f`, `-i`, `-g`,
`-o`, `-c`, `-h`, `-x`, `-r`, `-z`, `-n`, `-q`. The dicts `LIGHT` and `DARK` are the two themes;
their keys are the variables' names without `--gw-`. Opacities, widths and fonts are plain
attributes, so a style sheet may change them.

**Anchors.** An SVG has no ids, so one page can contain any number of drawings. A script can find
these elements:

- `svg[data-drawing="lstm-cell"]`: the drawing, with one group per part, such as
  `g[data-part="f-layer"]`.
- `path[data-wire="kept"]` with `data-quantity="c"`: the colored band under a wire, drawn only if
  there are values. Set its stroke-width to `thickness(value)`, and its stroke-dasharray to "5 4" if
  the value is negative and to "none" otherwise. Several paths may share a name. A path starts where
  its wire starts, so a slider for `c_before`, `h_before` or `x` belongs at
  `path.getPointAtLength(0)`.
- `g[data-valve="f"]` with `data-r="14"` and `data-quantity`: a valve, placed and rotated by its
  transform. Set the `d` of its `path[data-slot]` to `opening(r, value)`, an outline around (0, 0).
- `[data-number="kept"]`, a text or tspan: set its textContent to `number(value)`, with a plus sign
  if `data-sign` is present. The position, anchor and color are already set.
- `text[data-symbol="c_t−1"]`: a symbol. `text[data-label]`: any other text in the drawing.

`lstm_cell()` has the wires c_before, kept, added, c, tanh_c, h_before, x, h, f, i, g, o, the
numbers kept, added, c, h, f, i, g, o, and the valves f, i, o. Both forms of `gru_cell()` have the
wires and numbers h_before, q, gated, kept, rest (1 − z), added, x, h, r, z, n (without numbers for
h_before and x) and the valves z, rest, r. `rnn_cell()` has the wires h_before, x, h and the
number h.

**Backward.** With `backward=True`, `lstm_cell`, `gru_cell` and `rnn_cell` draw their forward wires
in `--gw-line` and without arrow tips, under the gradients' wires. A gradient's wire is a
`g[data-flow][data-stage]` with three elements: a band, `path[data-wire="dh"]`, whose thickness is
`gradient_thickness(value)`; a thin ink line, `path[data-core]`, drawn in the forward direction, so
an animation must run from the path's end to its start; and, where the gradient arrives, an arrow
tip, `path[data-tip]`.

- `data-stage`: one of the stages in `drawing.order`. Flows have this attribute, as do the numbers,
  symbols and parts (`g[data-part="o-times"][data-stage="do"]`) that belong to a stage.
- `data-when`: an element with "loss" appears only at the time step of the loss, and an element with
  "later" only at earlier time steps.
- `text[data-symbol]`: if the symbol changes with the time step, its first child is the letter,
  preceded by "d" once the symbol names a gradient (from the stage in `data-stage` on, if any). The
  `tspan[data-index]` is the index of the current time step ("t") or the previous time step ("t−1").
- `[data-number]`: as above, but with the text `figure(value)`. If the wire has no symbol, the
  number is a tspan that follows the gradient's symbol.
- `path[data-cut]`: the mark across the h wire where h is detached, shown or hidden by its
  `visibility`.

The names of the gradients are dh, do, dc, dc_from_h, dc_from_c, df, di, dg, da_f, da_i, da_g, da_o,
dh_before, dc_before in the LSTM; dh, da, dh_before in the RNN; and dh, dn, dz, dz_from_kept,
dz_from_rest, dh_kept, da_n, dr, da_r, da_z, dh_before in the GRU, with dq or, without
`reset_after`, drh. The plain drawing also shows the gradient on x. `lstm_cell(backward="dc")` shows
the gradients known at the stage dc, and `at_stage` does the same for the time step of the loss or
for earlier time steps. In these drawings, `values["t"]` is the time step, and `values["cut"]` says
whether the mark across the h wire is visible.

**Formulas.** The scripts use the same formulas as the functions `thickness`, `gradient_thickness`,
`opening`, `number` and `figure` in `gatewise.drawings.values`.
"""

from gatewise.drawings.backward import STAGES, at_stage
from gatewise.drawings.concepts import four_layers, interfaces, legend, stacked, valve
from gatewise.drawings.drawing import Drawing
from gatewise.drawings.gradient_paths import fork, rnn_through_time
from gatewise.drawings.gru import GRU_SECTIONS, GRU_STAGES, gru_cell
from gatewise.drawings.lstm import LSTM_SECTIONS, lstm_cell
from gatewise.drawings.lstm_chain import lstm_chain
from gatewise.drawings.preactivations import preactivations
from gatewise.drawings.rnn import chain, rnn_cell
from gatewise.drawings.theme import DARK, LIGHT
from gatewise.drawings.through_time import lstm_through_time

__all__ = [
    "DARK",
    "GRU_SECTIONS",
    "GRU_STAGES",
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
