"""Small values that do not change, as frozen dataclasses are, without their price.

``@dataclass`` writes code for each class whenever a module is imported (half a millisecond for each, and ``inspect``
with it). An ask that hits imports some twenty of them, and is to cost little more than starting Python; so what lies on
its way derives from :class:`Value`. Elsewhere a dataclass is as good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        """Nothing at run time: it tells type checkers that subclasses are made as dataclasses are."""
        return lambda cls: cls


T = TypeVar("T")


class _Made:
    """The default of a field that is made anew for each value."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """The default of a field that is made anew for each value, as ``dataclasses.field`` has it."""
    return cast("T", _Made(default_factory))


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value:
    """Base of values: the annotated names of a class are its fields, in their order, with their defaults. Values of one
    class are equal where all fields are; none can be set again.

    >>> class Point(Value):
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(x=1, y=0), replace(Point(1), y=2)
    (Point(x=1, y=0), True, Point(x=1, y=2))
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}
    _made: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = cls.__annotations__
        cls._fields = (*cls._fields, *own)
        cls._defaults = {**cls._defaults, **{name: getattr(cls, name) for name in own if hasattr(cls, name)}}
        cls._made = tuple(name for name, default in cls._defaults.items() if isinstance(default, _Made))

    def __init__(self, *values: Any, **named: Any) -> None:
        state = self.__dict__
        if len(values) < len(self._fields) or named:
            state.update(self._defaults)
            state.update(named)
        state.update(zip(self._fields, values, strict=False))
        if (
            len(state) != len(self._fields)
            or len(values) > len(state)
            or not named.keys().isdisjoint(self._fields[: len(values)])
        ):
            told = f"each of {', '.join(self._fields)} once, not {(*values, *named)}"
            raise TypeError(f"{type(self).__name__} takes {told}")
        for name in self._made:
            if isinstance(state[name], _Made):
                state[name] = state[name].make()

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change: {name}")

    def _values(self) -> tuple[Any, ...]:
        state = self.__dict__
        return tuple([state[name] for name in self._fields])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value) or other.__class__ is not self.__class__:
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__qualname__}({told})"


V = TypeVar("V", bound=Value)


def replace(value: V, /, **changes: Any) -> V:
    """The value with other fields, as ``dataclasses.replace`` gives it."""
    fields: dict[str, Any] = {name: value.__dict__[name] for name in value._fields}
    return type(value)(**{**fields, **changes})
