"""Tools that the user wrote: Python files in the tools folder, read without running them.

Each public function of a file is a tool: its parameters are str, int, float or bool (or such a
type or None), and its Google docstring says what it does and describes each of them.
"""

import ast
import inspect
from dataclasses import dataclass
from pathlib import Path

from memtui.agent.tools.base import Function, Tool, parse_docstring

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True)
class Found:
    """A function of a file. Without a `tool`, `problem` says why it is none."""

    name: str
    path: Path
    tool: Tool | None = None
    problem: str = ""


def find(folder: Path, taken: set[str], run: Function) -> list[Found]:
    """The tools of a folder, by file; `run` is what each of them does, names in `taken` are none.

    A folder that is not there has none.
    """
    found: list[Found] = []
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith(("_", ".")):
            continue
        try:
            tree = ast.parse(path.read_bytes(), path.name)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            what = getattr(error, "strerror", None) or getattr(error, "msg", "") or str(error)
            line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
            found.append(Found(path.name, path, None, f"It cannot be read: {what}{line}."))
            continue
        functions = [
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
        ]
        if not functions:
            found.append(Found(path.name, path, None, "It has no function to be a tool."))
        for function in functions:
            try:
                if function.name in taken:
                    raise ValueError("Another tool has that name. Choose another one.")
                found.append(Found(function.name, path, _tool(function, run)))
                taken = taken | {function.name}
            except (ValueError, TypeError) as error:
                found.append(Found(function.name, path, None, str(error)))
    return found


def _tool(function: ast.FunctionDef | ast.AsyncFunctionDef, run: Function) -> Tool:
    """Raises ValueError, whose sentence says what is missing."""
    if len(function.name) > 64 or not function.name.isascii():
        raise ValueError("Its name must be at most 64 ASCII characters.")
    description, texts = parse_docstring(inspect.cleandoc(ast.get_docstring(function) or ""))
    if not description:
        raise ValueError("It has no docstring. Say in it what the function does.")
    arguments = function.args
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        raise ValueError("It takes *args, **kwargs or positional-only parameters; name each one.")
    parameters: dict[str, dict[str, str]] = {}
    required: list[str] = []
    missing = len(arguments.args) - len(arguments.defaults)
    optional = [number >= missing for number in range(len(arguments.args))]
    optional += [default is not None for default in arguments.kw_defaults]
    for argument, has_default in zip(
        (*arguments.args, *arguments.kwonlyargs), optional, strict=True
    ):
        kind = _type(argument.annotation)
        if kind is None:
            raise ValueError(f"{argument.arg} needs a type: str, int, float or bool.")
        if argument.arg not in texts:
            raise ValueError(f"The Args of its docstring do not describe {argument.arg}.")
        parameters[argument.arg] = {"type": kind, "description": texts[argument.arg]}
        if not has_default:
            required.append(argument.arg)
    return Tool.made(function.name, description, parameters, required, run)


def _type(node: ast.expr | None) -> str | None:
    """JSON's name of a type; for `X | None` and `Optional[X]` that of X."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):  # a quoted annotation
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    if isinstance(node, ast.Name):
        return _TYPES.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in (node.left, node.right) if not _is_none(side)]
        return _type(sides[0]) if len(sides) == 1 else None
    if isinstance(node, ast.Subscript):
        name = node.value.attr if isinstance(node.value, ast.Attribute) else node.value
        name = name.id if isinstance(name, ast.Name) else name
        return _type(node.slice) if name == "Optional" else None
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
