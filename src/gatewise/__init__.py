"""Recurrent networks, gate by gate.

A forward pass leaves a trace; plots, widgets and the backward pass read it.
Only the modules that use torch, matplotlib or anywidget import them.
"""

from gatewise.cells import gru, lstm, rnn
from gatewise.cells.stack import trace

__all__ = ["gru", "lstm", "rnn", "trace"]
