from collections.abc import Callable, Iterable
from typing import Any

class HookableUnpickler:
    dispatch: dict[int, Callable[[Any], Any]]
    memo: Any
    proto: int
    encoding: str
    errors: str
    fix_imports: Any
    def __init__(
        self,
        file: Any,
        *,
        fix_imports: bool = True,
        encoding: str = "ASCII",
        errors: str = "strict",
        buffers: Iterable[Any] | None = None,
        progress: Callable[[int, int | None], object] | None = None,
    ) -> None: ...
    def load(self) -> Any: ...
    def find_class(self, module: str, name: str) -> Any: ...
    def persistent_load(self, pid: Any) -> Any: ...
    def get_extension(self, code: int) -> None: ...
    def pop_mark(self) -> list[Any]: ...
    def __getattr__(self, name: str) -> Any: ...
