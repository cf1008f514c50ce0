"""Typed configurations: frozen dataclasses filled from YAML, every mistake named.

A configuration is a dataclass; its fields may be ``bool``, ``int``, ``float``, ``str``, ``Path``,
``Literal``, enums, lists, tuples, dictionaries with text keys, unions (so ``X | None``), ``Any`` and
other dataclasses. Keys that the dataclass lacks are refused, with the keys it has.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import re
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from gleam.errors import ConfigError, GleamError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Config = TypeVar("Config", bound=DataclassInstance)
else:
    Config = TypeVar("Config")

_SCALAR_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    type(None): "null",
}


def load_config(
    cls: type[Config],
    source: str | os.PathLike[str] | Mapping[str, Any],
    overrides: Iterable[str] = (),
) -> Config:
    """Return an instance of the dataclass ``cls`` filled from a YAML file or a dictionary.

    Args:
        cls: The dataclass that says which keys there are and what each may hold.
        source: A YAML file, or the same content as a dictionary.
        overrides: Changes as written on a command line, ``"optimiser.rate=0.003"``; the right side
            is YAML. They win over ``source``.

    Raises:
        ConfigError: The file is missing or no YAML, a key is unknown, missing or given twice, or a
            value has the wrong type. The message names the file and the key.
    """
    if isinstance(source, Mapping):
        where, content = "the configuration", dict(source)
    else:
        where, content = str(source), _read_yaml(Path(source))
    for text in overrides:
        content = _override(content, text)
    result = _build(cls, content, "", where)
    return typing.cast("Config", result)


def read_config(source: str | os.PathLike[str], overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Return the content of a YAML file with changes, before any dataclass has checked its keys.

    Raises:
        ConfigError: The file is missing or no YAML, or a change is not written as ``key=value``.
    """
    content = _read_yaml(Path(source))
    for text in overrides:
        content = _override(content, text)
    return content


def to_dict(config: DataclassInstance) -> dict[str, Any]:
    """Return a configuration as plain YAML or JSON values; ``load_config`` reads it back."""
    fields = [field for field in dataclasses.fields(config) if field.init]
    return {field.name: _plain(getattr(config, field.name)) for field in fields}


def to_yaml(config: DataclassInstance) -> str:
    """Return a configuration as YAML text, keys in the order of the dataclass."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """SafeDumper that quotes text which the loader here would take for something else."""

    _set_scalars(Dumper)
    text = yaml.dump(to_dict(config), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    return str(text)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


# --- reading -------------------------------------------------------------------------------------


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"The configuration {path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error}.") from None
    try:
        content = _parse_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or error
        raise ConfigError(f"{path} is not valid YAML{line}: {problem}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold keys and values, not {_describe(content)}.")
    return content


def _parse_yaml(text: str) -> Any:
    """Parse YAML with the scalars of YAML 1.2, so that ``off`` is text and ``1e-3`` is a number."""
    import yaml

    class Loader(yaml.SafeLoader):
        """SafeLoader that refuses a key given twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key_node, _ in node.value:
                key = str(key_node.value)
                if key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} is given twice", key_node.start_mark
                    )
                seen.add(key)
            return super().construct_mapping(node, deep)

    _set_scalars(Loader)
    return yaml.load(text, Loader=Loader)


def _set_scalars(resolver: Any) -> None:
    """Give a loader or dumper class the rules below for plain scalars."""
    old = resolver.yaml_implicit_resolvers
    resolver.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag not in _REPLACED_TAGS]
        for first, rules in old.items()
    }
    resolver.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOL, list("tTfF"))
    resolver.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))
    resolver.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


_REPLACED_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "timestamp")}
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^[-+]?(?:0|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"^[-+]?(?:[0-9][0-9_]*\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"
    r"|^[-+]?[0-9]+[eE][-+]?[0-9]+$|^[-+]?\.(?:inf|Inf)$|^\.nan$"
)


def _override(content: dict[str, Any], text: str) -> dict[str, Any]:
    import yaml

    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"The change {text!r} must look like key=value or group.key=value.")
    try:
        parsed = _parse_yaml(value)
    except yaml.YAMLError:
        raise ConfigError(f"The value in {text!r} is not valid YAML.") from None
    result = dict(content)
    level: Any = result
    for done, key in enumerate(keys[:-1]):
        inner = level.get(key) if isinstance(level, dict) else level[_position(level, key, text)]
        if inner is None:
            inner = {}
        if not isinstance(inner, dict | list):
            group = ".".join(keys[: done + 1])
            raise ConfigError(f"The change {text!r} goes into {group}, which is no group.")
        inner = inner.copy()
        level[key if isinstance(level, dict) else int(key)] = inner
        level = inner
    if isinstance(level, list):
        level[_position(level, keys[-1], text)] = parsed
    else:
        level[keys[-1]] = parsed
    return result


def _position(items: list[Any], key: str, text: str) -> int:
    if not key.isdigit() or int(key) >= len(items):
        last = len(items) - 1
        raise ConfigError(f"The change {text!r} needs a position from 0 to {last} where it says {key!r}.")
    return int(key)


# --- building ------------------------------------------------------------------------------------


def _build(cls: type, content: Any, key: str, where: str) -> object:
    if isinstance(content, cls):
        return content
    if not isinstance(content, Mapping):
        raise _wrong_type(content, f"a group of keys ({_known_keys(cls)})", key, where)
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    for name in content:
        if name not in fields:
            raise _unknown_key(cls, str(name), key, where)
    values: dict[str, object] = {}
    for name, field in fields.items():
        inner = f"{key}.{name}" if key else name
        if name in content:
            values[name] = _convert(hints[name], content[name], inner, where)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}: the key {inner!r} is missing; it must be {_wanted(hints[name])}.")
    try:
        return cls(**values)
    except ConfigError:
        raise
    except (GleamError, ValueError) as error:
        at = f" under {key!r}" if key else ""
        raise ConfigError(f"{where}: wrong value{at}: {error}") from None


def _convert(hint: Any, value: Any, key: str, where: str) -> object:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is object:
        return value
    if origin in (typing.Union, types.UnionType):
        return _convert_union(hint, args, value, key, where)
    if origin is typing.Annotated:
        return _convert(args[0], value, key, where)
    if origin is Literal:
        if any(value == choice and type(value) is type(choice) for choice in args):
            return value
        raise _unknown_choice(value, [str(choice) for choice in args], key, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, value, key, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _convert_enum(hint, value, key, where)
    if origin in (list, tuple) or hint in (list, tuple):
        return _convert_sequence(origin or hint, args, value, key, where)
    if origin is dict or hint is dict:
        if not isinstance(value, Mapping):
            raise _wrong_type(value, "a group of keys", key, where)
        inner = args[1] if args else Any
        return {str(name): _convert(inner, item, f"{key}.{name}", where) for name, item in value.items()}
    return _convert_scalar(hint, value, key, where)


def _convert_scalar(hint: Any, value: Any, key: str, where: str) -> object:
    if hint is type(None) and value is None:
        return None
    if hint is Path and isinstance(value, str | os.PathLike):
        return Path(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and is_number:
        if math.isnan(value):
            raise _wrong_type(value, "a number", key, where)
        return float(value)
    if hint is int and isinstance(value, int) and is_number:
        return value
    if hint in (str, bool) and isinstance(value, hint):
        return value
    raise _wrong_type(value, _wanted(hint), key, where)


def _convert_union(hint: Any, members: tuple[Any, ...], value: Any, key: str, where: str) -> object:
    if value is None and type(None) in members:
        return None
    others = [member for member in members if member is not type(None)]
    if len(others) == 1:
        return _convert(others[0], value, key, where)
    # Exact types first: with ``int | float`` a whole number stays whole.
    for member in sorted(others, key=lambda member: not (isinstance(member, type) and type(value) is member)):
        try:
            return _convert(member, value, key, where)
        except ConfigError:
            continue
    raise _wrong_type(value, _wanted(hint), key, where)


def _convert_enum(hint: type[Enum], value: Any, key: str, where: str) -> Enum:
    if isinstance(value, hint):
        return value
    for member in hint:
        if value == member.value and type(value) is type(member.value):
            return member
        if isinstance(member.value, str) and value == str(member.value):
            return member
    raise _unknown_choice(value, [str(member.value) for member in hint], key, where)


def _convert_sequence(kind: type, args: tuple[Any, ...], value: Any, key: str, where: str) -> object:
    if not isinstance(value, list | tuple):
        raise _wrong_type(value, "a list", key, where)
    fixed = kind is tuple and args and args[-1] is not Ellipsis
    if fixed and len(value) != len(args):
        raise _wrong_type(value, f"a list of {len(args)} items", key, where)
    hints = args if fixed else (args[0] if args else Any,) * len(value)
    return kind(_convert(hints[i], item, f"{key}.{i}", where) for i, item in enumerate(value))


# --- messages ------------------------------------------------------------------------------------


def _unknown_key(cls: type, name: str, key: str, where: str) -> ConfigError:
    known = [field.name for field in dataclasses.fields(cls) if field.init]
    near = difflib.get_close_matches(name, known, n=1)
    full = f"{key}.{name}" if key else name
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ConfigError(f"{where}: unknown key {full!r}.{hint} Known keys here: {', '.join(known)}.")


def _unknown_choice(value: Any, choices: list[str], key: str, where: str) -> ConfigError:
    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ConfigError(f"{where}: {key!r} cannot be {value!r}.{hint} Choose one of: {', '.join(choices)}.")


def _wrong_type(value: Any, wanted: str, key: str, where: str) -> ConfigError:
    at = f"{key!r} must be" if key else "it must be"
    return ConfigError(f"{where}: {at} {wanted}, not {_describe(value)}.")


def _known_keys(cls: type) -> str:
    return ", ".join(field.name for field in dataclasses.fields(cls) if field.init)


def _wanted(hint: Any) -> str:
    """Say in words what a type hint asks for."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in _SCALAR_WORDS:
        return _SCALAR_WORDS[hint]
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_wanted(member) for member in args)
    if origin is Literal:
        return f"one of {', '.join(str(choice) for choice in args)}"
    if origin in (list, tuple):
        return "a list"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"one of {', '.join(str(member.value) for member in hint)}"
    return "a group of keys" if origin is dict or dataclasses.is_dataclass(hint) else str(hint)


def _describe(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} items"
    return f"{value!r} ({_SCALAR_WORDS.get(type(value), type(value).__name__)})"
