"""`python -m oxipickle COMMAND ...`: looks at pickles without loading them, or runs a program with oxipickle installed."""

from oxipickle._commands.command_line import main

if __name__ == "__main__":
    main()
