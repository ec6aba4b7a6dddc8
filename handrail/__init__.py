"""The command line: starts the parts and says in plain words what is wrong with them."""
