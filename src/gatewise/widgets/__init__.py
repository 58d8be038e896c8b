"""Widgets that show cells and networks, with settings that the reader can change.

When the reader drags a handle, the browser computes and draws the results. Python computes the same
numbers with the NumPy cells.
"""

from gatewise.widgets.backward_explorer import BackwardExplorer
from gatewise.widgets.gate_explorer import GateExplorer, GRUExplorer
from gatewise.widgets.text_reader import TextReader
from gatewise.widgets.unroll_player import UnrollPlayer

__all__ = ["BackwardExplorer", "GRUExplorer", "GateExplorer", "TextReader", "UnrollPlayer"]
