"""Backlit among its neighbours: PyTorch's files and safetensors, and PyTorch's scripts running on Backlit."""
