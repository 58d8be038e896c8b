"""The logistic function, used by the gates of the LSTM and the GRU."""

import numpy as np


def sigmoid(a):
    """Compute σ(a) = 1 / (1 + e⁻ᵃ).

    a: a float32 or float64 array. Returns an array shaped like `a`, with values between 0 and 1.
    Source: the identity σ(a) = ½ tanh(½a) + ½. Unlike e⁻ᵃ, tanh can't overflow.
    """
    return 0.5 * np.tanh(0.5 * a) + 0.5
