"""A parsed template is made narrower before it is compiled: some statements are refused, and what loops, compares,
joins and keeps values is led past the counters of ``bounds``.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, cast

from jinja2 import TemplateAssertionError, nodes
from jinja2.visitor import NodeTransformer

from axs_core.entry import bounds

HIDDEN = {"counted!": bounds.counted, "light!": bounds.light, "passed!": bounds.passed}
"""Filters that no template can name."""


def narrowed(tree: nodes.Template, statements: Container[str]) -> nodes.Template:
    """The template, with the kinds of statements in ``statements`` only."""
    changed: nodes.Template = _Narrowing(statements).visit(tree)
    return changed


class _Narrowing(NodeTransformer):
    def __init__(self, statements: Container[str]) -> None:
        self._statements = statements

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        kind = type(node).__name__
        if not isinstance(node, (nodes.Expr, nodes.Helper)) and kind not in self._statements:
            raise TemplateAssertionError(f"{{% {kind.lower()} %}} is not available", getattr(node, "lineno", 1) or 1)
        if isinstance(node, nodes.NSRef):
            raise TemplateAssertionError("only plain names can be set", node.lineno)
        return super().visit(node, *args, **kwargs)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        """``a ~ b`` joins texts as the filter does."""
        self.generic_visit(node)
        return _through("join", nodes.List(node.nodes, lineno=node.lineno))

    def visit_For(self, node: nodes.For) -> nodes.For:
        if node.recursive:
            raise TemplateAssertionError("a loop cannot be recursive", node.lineno)
        self.generic_visit(node)
        node.iter = _through("counted!", node.iter)
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Assign:
        self.generic_visit(node)
        node.node = _through("light!", node.node)
        return node

    def visit_With(self, node: nodes.With) -> nodes.With:
        self.generic_visit(node)
        node.values = [_through("light!", value) for value in node.values]
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:
        self.generic_visit(node)
        node.expr = _through("passed!", node.expr)
        for operand in node.ops:
            operand.expr = _through("passed!", operand.expr)
        return node


def _through(name: str, node: nodes.Node) -> nodes.Expr:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
