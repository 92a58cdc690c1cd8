"""The command line, `python -m oxipickle`: each command in a file of its own, imported when it is asked for."""
