"""The cells in NumPy: the modules `rnn`, `lstm` and `gru`, which share one interface.

Each module has `Params`, `Trace`, `Grads`, `step`, `forward` and `backward`. `stack.trace` runs a
cell for each layer and direction of a torch module.
"""
