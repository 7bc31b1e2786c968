"""Reads and writes at addresses, for compiled passes. Passing arrays on would count references, at 5 ns each time."""

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

# A signature and a generator of code, which gets the signature and the values of arguments last.
_Code = tuple[Any, Callable[..., Any]]

# Options of functions that only compiled ones call. Entries for Python would make compiling take half as long again.
PART: Final[dict[str, Any]] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
INLINED: Final[dict[str, Any]] = {**PART, "forceinline": True}

_BYTE, _WORD = ir.IntType(8), ir.IntType(64)


def _numbers(kind: Any) -> Any:
    pointer: Any = types.CPointer(kind)  # type: ignore[no-untyped-call]

    def typed(_: object, address: Any) -> _Code:
        def code(context: Any, builder: Any, *rest: Any) -> Any:
            return builder.inttoptr(rest[1][0], context.get_value_type(rest[0].return_type))

        return pointer(address), code

    return intrinsic(typed)


def _read(bits: Any, kind: Any, *, is_big_endian: bool = False) -> Any:
    def typed(_: object, address: Any) -> _Code:
        def code(_context: Any, builder: Any, *rest: Any) -> Any:
            value = builder.load(builder.inttoptr(rest[1][0], bits.as_pointer()), align=1)
            return builder.bswap(value) if is_big_endian else value

        return kind(address), code

    return intrinsic(typed)


@intrinsic
def _put_word(_: Any, address: Any, word: Any) -> _Code:
    def code(_context: Any, builder: Any, *rest: Any) -> Any:
        builder.store(rest[1][1], builder.inttoptr(rest[1][0], _WORD.as_pointer()), align=1)

    return types.void(address, word), code


@intrinsic
def _copy_bytes(_: Any, _to: Any, _from: Any, _size: Any) -> _Code:
    def code(context: Any, builder: Any, *rest: Any) -> Any:
        byte = _BYTE.as_pointer()
        copy = builder.module.declare_intrinsic("llvm.memcpy", [byte, byte, _WORD])
        to, at = (builder.inttoptr(argument, byte) for argument in rest[1][:2])
        builder.call(copy, [to, at, rest[1][2], ir.Constant(ir.IntType(1), 0)])
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.int64), code


@intrinsic
def _trailing_zeros(_: Any, word: Any) -> _Code:
    def code(_context: Any, builder: Any, *rest: Any) -> Any:
        return builder.cttz(rest[1][0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(word), code


# Numbers from a uint64 address on, read and written by index.
int8s_at, int32s_at, int64s_at, words_at = map(_numbers, (types.int8, types.int32, types.int64, types.uint64))

# Of a word, eight bytes at any address, the first one is lowest.
byte_at, word_at = _read(_BYTE, types.uint8), _read(_WORD, types.uint64)
int32_at: Any = _read(ir.IntType(32), types.int32)
big_endian_at: Any = _read(ir.IntType(32), types.uint32, is_big_endian=True)
put_word: Any = _put_word

# Bytes from one address to another: to, from, number.
copy_bytes: Any = _copy_bytes

# Zero bits below the lowest one bit of a word, which must have one.
trailing_zeros: Any = _trailing_zeros
