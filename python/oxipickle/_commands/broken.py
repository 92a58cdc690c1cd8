"""What ends a command with one line on stderr, and exit code 2."""


class Broken(Exception):
    """Something can't be read: the words for it, and the offset and the opcode where these are known."""

    def __init__(self, words: str, offset: int | None = None, opcode: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.offset = offset
        self.opcode = opcode

    def __str__(self) -> str:
        if self.offset is None:
            return self.words
        opcode = f" ({self.opcode})" if self.opcode else ""
        return f"at byte {self.offset}{opcode}: {self.words}"
