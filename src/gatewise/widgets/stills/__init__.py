"""Still images of the widgets, for pages where scripts don't run.

Each function draws the settings and values of one widget, and returns a `Still`, which is a `Plot`.
"""

from gatewise.widgets.stills.backward_explorer import backward_explorer
from gatewise.widgets.stills.gate_explorer import gate_explorer
from gatewise.widgets.stills.still import Still
from gatewise.widgets.stills.text_reader import text_reader
from gatewise.widgets.stills.unroll_player import unroll_player

__all__ = ["Still", "backward_explorer", "gate_explorer", "text_reader", "unroll_player"]
