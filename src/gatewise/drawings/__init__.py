"""Drawings of cells and unrolled chains, with the same geometry in SVG and in matplotlib.

A drawing function returns a `Drawing`. The method `drawing.svg(alt, values)` returns the drawing as
SVG text, and `drawing.draw(ax, values)` draws it onto matplotlib axes. Without `values`, the
drawing is plain and shows no numbers. If `values` is a dict from names to numbers, the drawing
shows each number as text, as the thickness of a wire, or as the opening of a valve. With
`values={}`, the drawing is a template, and a script fills in the numbers.

**Theme.** Colors are CSS variables that fall back to the light theme. On a page that doesn't define
these variables, drawings are dark on a light background. A program without support for CSS
variables reads plain attributes instead. A page must define all of the variables or none of them.
The variables are `--gw-ink` (shapes use currentColor from the root), `--gw-ground`, `--gw-panel`
(the inside of a cell), `--gw-line` (the frame of a cell), `--gw-muted`, and one color per quantity:
`--gw-f`, `-i`, `-g`, `-o`, `-c`, `-h`, `-x`, `-r`, `-z`, `-n`, `-q`. The dicts `LIGHT` and `DARK`
contain the two themes; each key is a variable's name without `--gw-`. Opacities, widths and fonts
are plain attributes, so a style sheet can change them.

**Anchors.** The SVGs have no ids, so one page can contain any number of drawings. A script can find
the following elements:

- `svg[data-drawing="lstm-cell"]`: the drawing, with one group per part, such as
  `g[data-part="f-layer"]`.
- `path[data-wire="kept"]` with `data-quantity="c"`: the colored band under a wire, which is drawn
  only if there are values. Set the band's stroke-width to `thickness(value)`, and the
  stroke-dasharray to "5 4" for a negative value or to "none" for any other value. Several paths may
  share a name. A path starts where its wire starts, so a slider for `c_before`, `h_before` or `x`
  belongs at `path.getPointAtLength(0)`.
- `g[data-valve="f"]` with `data-r="14"` and `data-quantity`: a valve, placed and rotated by its
  transform. Set the attribute `d` of the valve's `path[data-slot]` to `opening(r, value)`, an
  outline around (0, 0).
- `[data-number="kept"]`: a number, which is a text or tspan element. Set the element's textContent
  to `number(value)`, with a plus sign if `data-sign` is present. The position, anchor and color are
  already set.
- `text[data-symbol="c_t−1"]`: a symbol. `text[data-label]`: any other text in the drawing.

In `lstm_cell()`, the wires are c_before, kept, added, c, tanh_c, h_before, x, h, f, i, g and o; the
numbers are kept, added, c, h, f, i, g and o; and the valves are f, i and o. In both forms of
`gru_cell()`, the wires are h_before, q, gated, kept, rest (1 − z), added, x, h, r, z and n, and the
valves are z, rest and r; each wire except h_before and x has a number. In `rnn_cell()`, the wires
are h_before, x and h, and the only number is h.

**Backward.** With `backward=True`, the functions `lstm_cell`, `gru_cell` and `rnn_cell` draw the
gradients' wires over the forward wires, which have the color `--gw-line` and no arrow tips. A
gradient's wire is a `g[data-flow][data-stage]` with three elements. The band,
`path[data-wire="dh"]`, has the thickness `gradient_thickness(value)`. The thin ink line,
`path[data-core]`, is drawn in the forward direction, so an animation must run from the path's end
to its start. The arrow tip, `path[data-tip]`, marks the point where the gradient arrives.

- `data-stage`: one of the stages in `drawing.order`. A gradient's wire has this attribute, and so
  does any number, symbol or part that belongs to a stage, for example
  `g[data-part="o-times"][data-stage="do"]`.
- `data-when`: an element with the value "loss" appears only at the time step of the loss; an
  element with "later" appears only at earlier time steps.
- `text[data-symbol]`: a symbol, whose first child is a text node with the symbol's letter. Starting
  at the stage in `data-stage`, the symbol denotes a gradient, and a "d" precedes the letter. The
  child `tspan[data-index]` contains the index of the current time step ("t") or of the previous
  time step ("t−1").
- `[data-number]`: a tspan that displays a number as `figure(value)`. If no other text names the
  gradient, the gradient's symbol precedes the number.
- `path[data-cut]`: the mark across the h wire at the point where h is detached. The attribute
  `visibility` shows or hides this mark.

The gradients of the LSTM are called dh, do, dc, dc_from_h, dc_from_c, df, di, dg, da_f, da_i, da_g,
da_o, dh_before and dc_before. The gradients of the RNN are called dh, da and dh_before. The
gradients of the GRU are called dh, dn, dz, dz_from_kept, dz_from_rest, dh_kept, da_n, dr, da_r,
da_z, dh_before and, depending on `reset_after`, dq (if true) or drh (if false). The plain drawing
also shows the gradient with respect to x. `lstm_cell(backward="dc")` shows the gradients that are
known at stage dc. The function `at_stage` draws a stage at the time step of the loss or at earlier
time steps. In these drawings, `values["t"]` is the time step, and the mark across the h wire is
visible if `values["cut"]` is true.

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
