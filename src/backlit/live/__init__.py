"""The live trainer: a network in training, steered and seen from a browser."""
