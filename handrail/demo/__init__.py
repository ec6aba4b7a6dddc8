"""`handrail demo`: all of Handrail on this machine, as one process tree."""
