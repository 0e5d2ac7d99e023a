"""From the record of a step to programs: passes, and the readable source that they make."""

from backlit.compiler.repeat import compile as compile
from backlit.compiler.simplify import readable as readable
