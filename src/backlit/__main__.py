"""`python -m backlit`: the program `backlit`."""

from backlit.cli import main

main()
