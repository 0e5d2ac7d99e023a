"""Settings of all tests."""

from hypothesis import settings

# The same examples in every run, however slow the machine is.
settings.register_profile("backlit", deadline=None, derandomize=True)
settings.load_profile("backlit")
