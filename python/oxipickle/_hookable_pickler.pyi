from collections.abc import Callable, Mapping
from pickle import PickleBuffer
from typing import Any, ClassVar, Literal

from oxipickle._oxipickle import Framer

_Method = Callable[[Any, Any], Any]

class HookablePickler:
    global_style: ClassVar[Literal["interpreter", "package"]]
    dispatch: dict[type, _Method]
    dispatch_table: Mapping[type, Callable[[Any], Any]]
    _BATCHSIZE: int
    memo: dict[int, tuple[int, Any]]
    proto: int
    bin: Any
    fast: Any
    fix_imports: Any
    framer: Framer
    write: Callable[[Any], Any]
    _write_large_bytes: Callable[[Any, Any], Any]
    _file_write: Callable[[Any], Any]
    _buffer_callback: Callable[[PickleBuffer], Any] | None
    def __init__(
        self,
        file: Any,
        protocol: int | None = None,
        *,
        fix_imports: bool = True,
        buffer_callback: Callable[[PickleBuffer], Any] | None = None,
        progress: Callable[[int, int | None], object] | None = None,
    ) -> None: ...
    @property
    def global_references(self) -> list[tuple[str, str]]: ...
    def dump(self, obj: Any) -> None: ...
    def save(self, obj: Any, save_persistent_id: bool = True) -> None: ...
    def clear_memo(self) -> None: ...
    def memoize(self, obj: Any) -> None: ...
    def put(self, idx: int) -> bytes: ...
    def get(self, i: int) -> bytes: ...
    def persistent_id(self, obj: Any) -> Any: ...
    # Not there unless a subclass has it, or it is set on an instance.
    def reducer_override(self, obj: Any, /) -> Any: ...
    def resolve_global(self, obj: Any, name: str | None = None, /) -> tuple[str, str]: ...
    def save_pers(self, pid: Any) -> None: ...
    def save_reduce(
        self,
        func: Any,
        args: Any,
        state: Any = None,
        listitems: Any = None,
        dictitems: Any = None,
        state_setter: Any = None,
        *,
        obj: Any = None,
    ) -> None: ...
    def save_global(self, obj: Any, name: str | None = None) -> None: ...
    def _batch_appends(self, items: Any, obj: Any = None) -> None: ...
    def _batch_setitems(self, items: Any, obj: Any = None) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
