"""The cells in NumPy: `rnn`, `lstm`, `gru`, three rooms with one floor plan.

Each has `Params`, `Trace`, `Grads`, `step`, `forward`, `backward`.
"""
