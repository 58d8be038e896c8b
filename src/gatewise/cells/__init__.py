"""The cells in NumPy: `rnn`, `lstm`, `gru`, three modules with one interface.

Each has `Params`, `Trace`, `Grads`, `step`, `forward`, `backward`. `stack.trace` runs them as the
layers and directions of a torch module.
"""
