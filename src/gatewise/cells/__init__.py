"""NumPy implementations of the RNN, the LSTM and the GRU, in three modules with the same interface.

Each module defines `Params`, `Trace`, `Grads`, `step`, `forward` and `backward`. The function
`stack.trace` runs one cell for each layer and direction of a torch module.
"""
