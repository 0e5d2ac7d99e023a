"""Rows and batches (PyTorch's `torch.utils.data`), files of columns, and built-in problems."""
