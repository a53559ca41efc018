"""Static checks of message texts: names that exist, and only constructs that are bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from jinja2 import TemplateSyntaxError, nodes

from connector.domain.traits.rfm import FIELDS as RFM
from connector.mapping.names import Attributes, Names
from connector.mapping.report import nearest, quoted
from connector.mapping.templates import MAX_SOURCE, PLAIN

#: Compiling takes time that grows with the third power of this.
_MAX_DEPTH = 20
#: What a text knows beside `lead`, `scores` and `grades`.
PLAIN_NAMES = ("program", "phase", "activity", "name", "persona")
#: What it knows beside them where the mapping hands leads over.
OF_SALES = ("hand_over", "because", "rep", "next_step")
LISTS: Mapping[str, tuple[str, ...]] = {
    "why": ("rule", "points", "score"),
    "recent": ("signal", "at", "words"),
}
_OWNERS = ("lead", "rfm", "scores", "grades", "segments", "tags", "did")
#: What a text knows of every signal beside its attributes.
_OF_SIGNALS = ("times", "at")
_LOOP = ("first", "last", "index", "length")

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Const, nodes.If, nodes.For, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg, nodes.Pos, nodes.Keyword,
)  # fmt: skip
_REFUSED = {
    nodes.Call: "calling",
    nodes.Mul: "multiplying",
    nodes.Pow: "a power",
    nodes.Mod: "the % operator",
    nodes.Div: "dividing",
    nodes.FloorDiv: "dividing",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.With: "{% with %}",
    nodes.Macro: "{% macro %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% import %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
}


#: Loop variables, with what may stand behind their dot.
Scope = Mapping[str, tuple[str, ...]]


class TemplateMistake(NamedTuple):
    """What is wrong with a text, in which of its lines (from 1), and what would help."""

    line: int
    message: str
    hint: str = ""


def check_template(source: str, names: Names, longest: int = MAX_SOURCE) -> list[TemplateMistake]:
    """Everything wrong with a text."""
    if len(source) > longest:
        return [TemplateMistake(1, f"the text is longer than {longest:,} characters")]
    try:
        tree = PLAIN.parse(source)
    except TemplateSyntaxError as error:
        return [TemplateMistake(error.lineno, f"the text is no template: {str(error.message).rstrip('.')}")]
    except (RecursionError, ValueError):
        return [TemplateMistake(1, "the text is nested too deeply, or has a number that is too long")]
    if _depth(tree) > _MAX_DEPTH:
        return [TemplateMistake(1, "the text is nested too deeply")]
    return list(_Checker(names).visit(tree, {}))


def quoted_signals(source: str) -> Iterator[str]:
    """The signals that a text without mistakes looks at."""
    for node in PLAIN.parse(source).find_all((nodes.Getattr, nodes.Getitem)):
        if signal := _signal_of(node):
            yield signal


def _depth(tree: nodes.Node) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in node.iter_child_nodes()]
    return deepest


def _unknown_word(node: nodes.Node) -> Iterator[TemplateMistake]:
    match node:
        case nodes.Filter(name=name) if name not in PLAIN.filters:
            yield TemplateMistake(node.lineno, f"unknown filter {quoted(name)}", nearest(name, tuple(PLAIN.filters)))
        case nodes.Test(name=name) if name not in PLAIN.tests:
            yield TemplateMistake(node.lineno, f"unknown test {quoted(name)}", nearest(name, tuple(PLAIN.tests)))


_CLOSED = Attributes({})


def _signal_of(owner: nodes.Node) -> str:
    """`report_read` of `did.report_read`; empty for anything else."""
    match owner:
        case nodes.Getattr(node=nodes.Name(name="did"), attr=str(signal)):
            return signal
        case nodes.Getitem(node=nodes.Name(name="did"), arg=nodes.Const(value=str(signal))):
            return signal
    return ""


@dataclass(frozen=True, slots=True)
class _Checker:
    names: Names

    def visit(self, node: nodes.Node, scope: Scope) -> Iterator[TemplateMistake]:
        """Mistakes at the node and below; `scope` holds loop variables with the attributes they may have."""
        if not isinstance(node, _ALLOWED):
            what = _REFUSED.get(type(node), f"{type(node).__name__.lower()}")
            yield TemplateMistake(node.lineno, f"{what} is not possible in a text", "show values, use if and for")
            return
        match node:
            case nodes.For():
                yield from self._loop(node, scope)
            case nodes.Getattr(node=owner, attr=str(attribute)):
                yield from self._attribute(node, owner, attribute, scope)
            case nodes.Getitem(node=nodes.Name() as owner, arg=nodes.Const(value=str(attribute))):
                yield from self._attribute(node, owner, attribute, scope)
            case nodes.Getitem(node=nodes.Name(name=name)) if name in _OWNERS:
                message = f"which part of {name} is not known beforehand"
                yield TemplateMistake(node.lineno, message, f"write {name}.name")
            case nodes.Name(name=name):
                yield from self._name(node, name, scope)
            case _:
                yield from _unknown_word(node)
                for child in node.iter_child_nodes():
                    yield from self.visit(child, scope)

    def _loop(self, node: nodes.For, scope: Scope) -> Iterator[TemplateMistake]:
        source = node.iter.node if isinstance(node.iter, nodes.Getitem) else node.iter
        if scope or node.recursive:
            yield TemplateMistake(node.lineno, "a loop inside a loop is not possible in a text", "use one for")
        elif not isinstance(node.target, nodes.Name) or not isinstance(source, nodes.Name | nodes.Getattr):
            message = "a text may loop over why or a field"
            yield TemplateMistake(node.lineno, message, "write {% for reason in why %}")
        else:
            yield from self.visit(node.iter, scope)
            parts = LISTS.get(source.name, ()) if isinstance(source, nodes.Name) else ()
            inner = {node.target.name: parts, "loop": _LOOP}
            for child in (*node.body, *node.else_, *filter(None, [node.test])):
                yield from self.visit(child, inner)

    def _name(self, node: nodes.Name, name: str, scope: Scope) -> Iterator[TemplateMistake]:
        if name in scope or name in self._plain:
            return
        if name in _OWNERS:
            yield TemplateMistake(node.lineno, f"{quoted(name)} is not a value by itself", f"write {name}. and a name")
        elif name in self.names.fields:
            yield TemplateMistake(node.lineno, f"unknown name {quoted(name)} in a text", f"write lead.{name}")
        elif name in self.names.scores:
            yield TemplateMistake(node.lineno, f"unknown name {quoted(name)} in a text", f"write scores.{name}")
        else:
            owners = (owner for owner in _OWNERS if owner != "rfm" or "rfm.code" in self.names.fields)
            known = (*owners, *self._plain, *scope)
            yield TemplateMistake(node.lineno, f"unknown name {quoted(name)} in a text", nearest(name, known))

    @property
    def _plain(self) -> tuple[str, ...]:
        """What is a value by itself."""
        if self.names.hand_overs:
            return (*PLAIN_NAMES, *OF_SALES, *LISTS)
        return (*PLAIN_NAMES, *(name for name in LISTS if name != "recent"))

    def _attribute(
        self, node: nodes.Node, owner: nodes.Expr, attribute: str, scope: Scope
    ) -> Iterator[TemplateMistake]:
        mistakes = list(self.visit(owner, scope)) if not self._is_owner(owner) else []
        if (signal := _signal_of(owner)) and self.names.signals.get(signal, _CLOSED).is_open:
            return
        known, what = self._parts(owner, scope)
        if not mistakes and attribute not in known:
            hint = nearest(attribute, known) if known else ""
            mistakes = [TemplateMistake(node.lineno, f"unknown {what} {quoted(attribute)} in a text", hint)]
        yield from mistakes

    def _is_owner(self, owner: nodes.Expr) -> bool:
        return isinstance(owner, nodes.Name) and owner.name in _OWNERS

    def _parts(self, owner: nodes.Expr, scope: Scope) -> tuple[tuple[str, ...], str]:
        """What may stand behind the dot, and what to call it."""
        match owner:
            case nodes.Name(name="rfm"):
                return tuple(name.partition(".")[2] for name in RFM if name in self.names.fields), "part of rfm"
            case nodes.Name(name="lead"):
                return tuple(self.names.fields), "field"
            case nodes.Name(name="scores" | "grades"):
                return tuple(self.names.scores), "score"
            case nodes.Name(name="segments"):
                return tuple(sorted(self.names.segments)), "segment"
            case nodes.Name(name="tags"):
                return tuple(sorted(self.names.tags)), "tag"
            case nodes.Name(name="did"):
                return tuple(self.names.signals), "signal"
            case nodes.Getattr() | nodes.Getitem() if signal := _signal_of(owner):
                carried = self.names.signals.get(signal, _CLOSED).known
                return (*carried, *_OF_SIGNALS), f"part of did.{signal}:"
            case nodes.Name(name=name):
                return scope.get(name, ()), f"part of {name}"
            case nodes.Getitem(node=nodes.Name(name=name)) | nodes.Filter(node=nodes.Name(name=name)):
                return LISTS.get(name, ()), f"part of {name}"
            case _:
                return (), "part"
