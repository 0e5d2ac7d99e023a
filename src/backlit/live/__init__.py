"""The live trainer: a network that trains in this process, shown and steered in a browser. docs/live.md is its map."""
