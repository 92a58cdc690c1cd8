"""`python -m oxipickle COMMAND ...`: looks at pickles, or runs a program with oxipickle installed."""

from oxipickle._commands.command_line import main

if __name__ == "__main__":
    main()
