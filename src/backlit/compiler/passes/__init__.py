"""Passes: each takes a graph and gives another one that computes the same."""
