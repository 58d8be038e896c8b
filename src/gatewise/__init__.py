"""Recurrent networks, gate by gate.

A forward pass returns a trace for the plots, the widgets and the backward pass. The packages torch,
matplotlib and anywidget are imported only by the modules that use them.
"""

from gatewise.cells import gru, lstm, rnn
from gatewise.cells.stack import trace

__all__ = ["gru", "lstm", "rnn", "trace"]
