"""Problems that somebody can do something about: told in a sentence, never as a traceback."""


class Trouble(Exception):
    """The text says what is wrong and what to do. Exit status 1."""

    exit_status = 1


class Misused(Trouble):
    """What was given is wrong: a file, a setting, an option. Exit status 2."""

    exit_status = 2
