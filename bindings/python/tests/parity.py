"""Runs a parity scenario through the package and writes its transcript, as `nexa-ffi/examples/parity.rs` does in Rust.

`python tests/parity.py <scenario.json> <transcript>`. What there is to call, and of what type each argument is, is read
from the package's stub, so a new operation needs nothing here.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import nexa

STUB = ast.parse(Path(nexa.__file__).with_name("_nexa.pyi").read_text())
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
METHODS = {
    name: {item.name: item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for name, node in CLASSES.items()
}
ENUMS = {name for name, methods in METHODS.items() if "value" in methods and "__int__" in methods}
RECORDS = {name for name, methods in METHODS.items() if "__new__" in methods}
# The domains, by their class: what of a handle gives them.
GETTERS = {
    ast.unparse(getter.returns): name
    for name, getter in METHODS["Handle"].items()
    if getter.returns and not getter.args.args
}


class Broken(Exception):
    """A step that does not hold, or cannot be played."""


async def run(scenario: Path, transcript: Path) -> None:
    saved: dict[str, Any] = {}
    lines = []
    for number, step in enumerate(json.loads(scenario.read_text())["steps"], start=1):
        try:
            lines.append(canonical(await play(step, saved)) + "\n")
        except Exception as reason:
            raise Broken(f"{scenario}: step {number}: {step}: {reason!r}") from reason
    transcript.write_text("".join(lines))


async def play(step: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    op = step["op"]
    call = prepared(op, step, saved)
    try:
        outcome = call()
        value = await outcome if inspect.isawaitable(outcome) else outcome
    except nexa.NexaError as failure:
        if "expect_error" not in step:
            raise
        error = plain(failure.info)
        check(step["expect_error"], error)
        return {"op": op, "error": error}
    is_hidden = op.endswith(".reveal") and not step.get("show")
    shown = "<revealed>" if is_hidden else plain(value)
    if "expect_error" in step:
        raise Broken(f"gave {shown}")
    if "expect" in step:
        check(plain(resolved(step["expect"], saved)), plain(value))
    if "save" in step:
        saved[step["save"]] = value
    return {"op": op, "result": shown}


def prepared(op: str, step: dict[str, Any], saved: dict[str, Any]) -> Any:
    """The call, with the arguments that its stub names."""
    name, method = op.split(".")
    if method.startswith("_") or method not in METHODS.get(name, {}):
        raise Broken(f"there is no {op}")
    subject = saved[step["on"]] if "on" in step else getattr(nexa, name)
    if isinstance(subject, nexa.Handle) and name in GETTERS:
        subject = getattr(subject, GETTERS[name])()
    if "on" in step and type(subject).__name__ != name:
        raise Broken(f"{step['on']} is a {type(subject).__name__}")
    types = types_of(METHODS[name][method])
    arguments = {
        key: typed(resolved(value, saved), types.pop(key)) for key, value in step.get("args", {}).items()
    }
    return lambda: getattr(subject, method)(**arguments)


def types_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr]:
    signature = function.args
    parameters = [*signature.args, *signature.kwonlyargs]
    return {arg.arg: arg.annotation for arg in parameters if arg.annotation}


def typed(value: Any, annotation: ast.expr) -> Any:
    """JSON as the type that the stub says."""
    match value, annotation:
        case None, _:
            return None
        case _, ast.BinOp(left=inner):  # `T | None`
            return typed(value, inner)
        case list(), ast.Subscript(slice=ast.Tuple(elts=[_, ast.Name(id="SupportsIndex")])):
            return bytes(value)
        case list(), ast.Subscript(slice=ast.Tuple(elts=[_, item])):
            return [typed(each, item) for each in value]
        case dict(), ast.Name(id=name) if name in RECORDS:
            types = types_of(METHODS[name]["__new__"])
            return getattr(nexa, name)(**{key: typed(each, types.pop(key)) for key, each in value.items()})
        case str(), ast.Name(id=name) if name in ENUMS:
            return getattr(getattr(nexa, name), value.upper())
    return value


def resolved(value: Any, saved: dict[str, Any]) -> Any:
    """With what was saved in place of its names."""
    match value:
        case str() if value.startswith("$"):
            name, _, field = value[1:].partition(".")
            return getattr(saved[name], field) if field else saved[name]
        case list():
            return [resolved(item, saved) for item in value]
        case dict():
            return {key: resolved(item, saved) for key, item in value.items()}
    return value


def plain(value: Any) -> Any:
    """As JSON: an enumeration by its spelling, a record by its fields, an object by its class."""
    name = type(value).__name__
    if name in ENUMS:
        return value.value
    if name in RECORDS:
        return {field: plain(getattr(value, field)) for field in types_of(METHODS[name]["__new__"])}
    if name in CLASSES:
        return f"<{name}>"
    match value:
        case bytes() | list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
    return value


def check(expected: Any, got: Any) -> None:
    """An object may have more than is expected of it."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            check(value, got.get(key))
    elif canonical(expected) != canonical(got):
        raise Broken(f"expected {canonical(expected)}, got {canonical(got)}")


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: parity.py <scenario.json> <transcript>")
    try:
        asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2])))
    except Broken as reason:
        sys.exit(str(reason))
