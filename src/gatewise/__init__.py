"""Recurrent networks, gate by gate.

A forward pass leaves a trace; plots, widgets and the backward pass read it.
Torch, matplotlib and anywidget are imported where they are used, not here.
"""

from gatewise.cells import gru, lstm, rnn
from gatewise.cells.stack import trace

__all__ = ["gru", "lstm", "rnn", "trace"]
