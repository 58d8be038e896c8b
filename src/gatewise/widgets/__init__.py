"""Widgets: a cell under the reader's hand.

What is dragged is computed and drawn in the browser; Python has the same numbers, by the cells.
"""

from gatewise.widgets.backward_explorer import BackwardExplorer
from gatewise.widgets.gate_explorer import GateExplorer, GRUExplorer
from gatewise.widgets.text_reader import TextReader
from gatewise.widgets.unroll_player import UnrollPlayer

__all__ = ["BackwardExplorer", "GRUExplorer", "GateExplorer", "TextReader", "UnrollPlayer"]
