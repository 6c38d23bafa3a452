"""Finds functions and their lengths: C++ by counting braces, Python by its own parser, bash not at all."""

import ast
import re
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tree

_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_TEMPLATE = re.compile(r"\btemplate\s*<[^{};]*>")


def cpp_functions(text):
    """(name, first line, lines) of every function body at namespace or class level; lambdas belong to their function."""
    code = _without_macros(tree.code_of(text))
    found, scopes = [], []  # a scope: (is function, line of its head, name)
    head_start, line = 0, 1
    body = None  # depth at which the function that we are in began
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char in ";" and body is None:
            head_start = at + 1
        elif char == "{":
            head = code[head_start:at]
            if body is None and _is_function(head):
                first = line - head.lstrip().count("\n")
                body = len(scopes)
                start = (_name_of(head), first)
            scopes.append(char)
            if body is None:
                head_start = at + 1
        elif char == "}":
            if scopes:
                scopes.pop()
            if body is not None and len(scopes) == body:
                found.append((start[0], start[1], line - start[1] + 1))
                body = None
            if body is None:
                head_start = at + 1
    return found


def _without_macros(code):
    lines, inside = [], False
    for line in code.split("\n"):
        directive = inside or line.lstrip().startswith("#")
        inside = directive and line.rstrip().endswith("\\")
        lines.append("" if directive else line)
    return "\n".join(lines)


def _is_function(head):
    head = _TEMPLATE.sub("", head).strip()
    if not head:
        return True  # what follows a constructor's list of members
    if "(" not in head:
        return False
    before = head.split("(")[0]
    return not _SCOPE.search(before) and "=" not in re.sub(r"operator\s*[=<>!+\-*/&|^]+", "", before)


def _name_of(head):
    words = re.findall(r"[\w:~]+(?=\s*\()", _TEMPLATE.sub("", head))
    return words[0] if words else "(body)"


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1
