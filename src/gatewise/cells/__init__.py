"""The cells in NumPy: three modules, `rnn`, `lstm` and `gru`, with one interface.

Each module has `Params`, `Trace`, `Grads`, `step`, `forward` and `backward`. `stack.trace` runs the
cells as the layers and directions of a torch module.
"""
