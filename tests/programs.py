"""Weights for the tasks of GateExplorer."""

# SOLVED contains a solution to each task. The changes in NEARLY make a solution slightly wrong.
SOLVED = {
    "keep": {"w_x": {"i": 0, "g": 0}, "w_h": {"g": 0}, "b": {"f": 10, "i": -10}},
    "overwrite": {"w_x": {"i": 0, "g": 10}, "b": {"f": -10, "i": 10}},
    "count": {"w_x": {"i": 0, "g": 10}, "w_h": {"g": 0}, "b": {"f": 10, "i": 10}},
    "quote": {"w_x": {"i": 10, "f": 10, "g": 0}, "w_h": {"g": 0}, "b": {"i": -7, "f": 5, "g": 10}},
}
NEARLY = {
    "keep": {"b": {"f": 4}},
    "overwrite": {"w_x": {"g": 1}},
    "count": {"b": {"f": 3}},
    "quote": {"b": {"i": -5, "f": 2}},
}
