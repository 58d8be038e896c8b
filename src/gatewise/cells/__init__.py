"""The cells in NumPy: the modules `rnn`, `lstm` and `gru`, which share one interface.

Each module has `Params`, `Trace`, `Grads`, `step`, `forward` and `backward`. `stack.trace` runs the
cells as the layers and directions of a torch module.
"""
