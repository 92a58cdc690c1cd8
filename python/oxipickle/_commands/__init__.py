"""The command line, `python -m oxipickle`: a file for each command, imported when it is asked for."""
