"""What a template says between its braces, held against a sample of the values that it will be given.

A template may print a value, go through a list, and ask whether something is so. Nothing else: so it can name only
what there is, reaches nothing but the values, and ends after as many steps as they have entries.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes

DEEPEST = 3
"""How many loops may stand within each other."""
LOOP = {"index": 1, "index0": 0, "first": True, "last": True, "length": 1}
_ASKING = (nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not)

Reason = tuple[str, str]
"""A code, and what to tell in Chinese."""


class _Wrong(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.reason = code, message


def wrong_fields(template: nodes.Template, sample: Mapping[str, Any]) -> Iterator[Reason]:
    """Everything in the template that the sample has not, or that no template may do. Lists of it have an entry."""
    for node in template.body:
        yield from _statement(node, sample, 0)


def _statement(node: nodes.Node, scope: Mapping[str, Any], depth: int) -> Iterator[Reason]:
    match node:
        case nodes.Output():
            for part in node.nodes:
                try:
                    value = _value(part, scope)
                    if isinstance(value, (Mapping, list)):
                        raise _Wrong("not_text", f"「{_path(part)}」不是文字，不能直接印出")
                except _Wrong as wrong:
                    yield wrong.reason
        case nodes.If():
            yield from _asked(node.test, scope)
            for inner in (*node.body, *node.elif_, *node.else_):
                yield from _statement(inner, scope, depth)
        case nodes.For(target=nodes.Name() as target, recursive=False, test=None):
            try:
                entries = _value(node.iter, scope)
                if not isinstance(entries, list):
                    raise _Wrong("not_list", f"「{_path(node.iter)}」不是列表，不能循环")
                if depth == DEEPEST:
                    raise _Wrong("too_deep", f"循环至多 {DEEPEST} 层")
            except _Wrong as wrong:
                yield wrong.reason
                return
            inside = {**scope, target.name: entries[0], "loop": LOOP}
            for inner in node.body:
                yield from _statement(inner, inside, depth + 1)
            for inner in node.else_:
                yield from _statement(inner, scope, depth)
        case _:
            yield "not_allowed", "模板只能印出内容、循环和判断，不能使用其他标记"


def _asked(node: nodes.Node, scope: Mapping[str, Any]) -> Iterator[Reason]:
    try:
        _value(node, scope)
    except _Wrong as wrong:
        yield wrong.reason


def _value(node: nodes.Node, scope: Mapping[str, Any]) -> Any:
    """The sample's value of an expression."""
    match node:
        case nodes.Name():
            if node.name not in scope:
                raise _Wrong("unknown_field", f"没有「{node.name}」这一内容")
            return scope[node.name]
        case nodes.Getattr() | nodes.Getitem(arg=nodes.Const(value=str())):
            name = node.attr if isinstance(node, nodes.Getattr) else node.arg.value  # type: ignore[attr-defined]
            within = _value(node.node, scope)
            if not isinstance(within, Mapping) or name not in within:
                raise _Wrong("unknown_field", f"「{_path(node.node)}」没有「{name}」这一内容")
            return within[name]
        case nodes.Filter(name="length", node=nodes.Node() as of):
            return str(len(_value(of, scope)))
        case nodes.Const():
            return node.value
        case nodes.TemplateData():
            return node.data
        case _ if isinstance(node, _ASKING):
            for part in node.iter_child_nodes():
                _value(part, scope)
            return True
        case _:
            raise _Wrong("not_allowed", "模板只能印出内容、循环和判断，不能使用其他标记")


def _path(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_path(node.node)}.{node.attr}"
        case _:
            return "…"


def known(sample: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Every field there is, with what the sample has there; entries of a list are written `list[].field`."""
    for name, value in sample.items():
        path = f"{within}{name}"
        if isinstance(value, Mapping):
            yield from known(value, f"{path}.")
        elif isinstance(value, list):
            yield path, ""
            if value and isinstance(value[0], Mapping):
                yield from known(value[0], f"{path}[].")
            elif value:
                yield f"{path}[]", str(value[0])
        else:
            yield path, str(value)
