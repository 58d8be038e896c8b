"""Widgets: cells that the reader sets by hand.

The browser computes and draws what the reader drags. Python computes the same numbers with the
cells.
"""

from gatewise.widgets.backward_explorer import BackwardExplorer
from gatewise.widgets.gate_explorer import GateExplorer, GRUExplorer
from gatewise.widgets.text_reader import TextReader
from gatewise.widgets.unroll_player import UnrollPlayer

__all__ = ["BackwardExplorer", "GRUExplorer", "GateExplorer", "TextReader", "UnrollPlayer"]
