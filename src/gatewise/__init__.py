"""Recurrent networks, gate by gate.

A forward pass leaves a trace; plots, widgets and the backward pass read it.
Torch, matplotlib and anywidget are imported by the modules that use them, not here.
"""

from gatewise.cells import gru, lstm, rnn

__all__ = ["gru", "lstm", "rnn"]
