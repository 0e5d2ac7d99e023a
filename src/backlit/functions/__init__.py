"""PyTorch's functions on tensors. Each translates `dim` to `axis` once and goes through `apply`."""
