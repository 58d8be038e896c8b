"""The logistic function, for the gates of the LSTM and the GRU."""

import numpy as np


def sigmoid(z):
    """σ(z) = 1 / (1 + e⁻ᶻ), in the dtype of z.

    z: array of any shape, float32 or float64. Returns an array like z, between 0 and 1.
    Source: the identity σ(z) = ½ tanh(½z) + ½. It cannot overflow, as e⁻ᶻ does for z = −1000,
    and it is fast, because NumPy's tanh is.
    """
    y = np.tanh(0.5 * z)
    y *= 0.5
    y += 0.5
    return y
