"""`python -m handrail`."""

from .cli import main

main()
