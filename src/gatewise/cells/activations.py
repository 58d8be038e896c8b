"""The logistic function, for the gates of the LSTM and the GRU."""

import numpy as np


def sigmoid(a):
    """σ(a) = 1 / (1 + e⁻ᵃ), in the dtype of a.

    a: array of any shape, float32 or float64. Returns an array like a, between 0 and 1.
    Source: the identity σ(a) = ½ tanh(½a) + ½, which can't overflow, as e⁻ᵃ does for a = −1000.
    """
    return 0.5 * np.tanh(0.5 * a) + 0.5
