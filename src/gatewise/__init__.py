"""Recurrent networks, gate by gate.

A forward pass leaves a trace; plots, widgets and the backward pass read it.
"""
