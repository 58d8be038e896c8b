"""The cells in NumPy: three modules, `rnn`, `lstm` and `gru`, with one interface.

Each module has `Params`, `Trace`, `Grads`, `step`, `forward` and `backward`.
"""
