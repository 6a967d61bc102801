"""Writes a copy of the app in which each changed function stands beside the original; mutmut's trampolines choose.

mutmut leaves decorated functions alone, which here are those that compare signatures and parse keys. So decorators move
below their function first: what ``@property`` makes of ``digest`` is made by ``digest = property(digest)`` as well.
Nor does mutmut leave a check or a step out, which here matters most; so ``_left_out`` and ``_decided`` do. And limits
are constants here: each has mutants of its own, which ``run`` puts in place.

Some changes are none. HTTP does not see another case in the name of a header, nor Python in that of a codec. Other
words are for people. A salt is read with what it was written with. And no test sees how long a second is: where a
comment says that a constant is in seconds, another second, or a twentieth more of them, is no change.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path

import libcst
from mutmut.mutation.file_mutation import create_mutations, mutate_file_contents
from mutmut.mutation.mutators import mutation_operators

PACKAGE = "lti_1p3_provider"
SOURCE, COPY = Path("src"), Path("mutants/src")
KNOWN = COPY.with_name("mutants.json")
MUTATED = ("lti/*.py", "launches/*.py", "quotas.py", "web/same_origin.py")
BUILT_IN = ("staticmethod", "classmethod")  # these mutmut knows
CASELESS = re.compile(  # codecs; methods, names of headers, media types and what else HTTP reads in any case
    r'"(ascii|utf-8|latin-1|GET|POST|PUT|Accept|Accept-Encoding|Cache-Control|Connection|Content-Encoding|Content-Length|Content-Type|Location'
    r'|Origin|Referrer-Policy|Sec-Fetch-Dest|User-Agent|identity|keep-alive|(application|text)/[a-z0-9.+-]+)"',
    re.IGNORECASE,
)
WORDS = re.compile(r"""\b_\(\s*(?:"[^"]*"\s*)+,?\s*\)""")  # which are for people to read
SECONDS = re.compile(r"^[A-Z_]+ = ([0-9. *]+)  # .*\bseconds\b")


@dataclass(frozen=True)
class Mutant:
    """One change. ``name`` is mutmut's or, of a constant, like those; ``callers`` are the functions that it is in."""

    name: str
    before: str
    after: str
    callers: tuple[str, ...]

    @property
    def module(self) -> str:
        """Package and module: ``lti.state``."""
        return self.name.removeprefix(f"{PACKAGE}.").rpartition(".")[0]

    @property
    def place(self) -> str:
        """The function or constant."""
        return self.name.partition("__mutmut_")[0]

    @property
    def constant(self) -> str:
        """The constant's name; empty for a function."""
        own = self.place.rpartition(".")[2]
        return own if own.isupper() else ""

    @property
    def is_a_change(self) -> bool:
        """False if nobody but a reader sees it. A function's first line has its name, which differs."""
        if self.constant == "SALT" or _is_a_little_later(self.before, self.after):
            return False
        first = 0 if self.constant else 1
        before, after = (WORDS.sub("_", _caseless(code)).splitlines()[first:] for code in (self.before, self.after))
        return before != after

    @property
    def version(self) -> str:
        """Another one when the function changes."""
        return sha256(f"{self.before}\n{self.after}".encode()).hexdigest()[:16]


def generate() -> list[Mutant]:
    """Write the copy and return what can be changed in it; once for the same code."""
    files = [*sorted(SOURCE.rglob("*.py")), Path(__file__), Path("setup.cfg")]
    code = sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
    if KNOWN.exists():
        of, mutants = json.loads(KNOWN.read_text(encoding="utf-8"))
        if of == code:
            return [Mutant(name, before, after, tuple(callers)) for name, before, after, callers in mutants]
    found = [mutant for mutant in _generated() if mutant.is_a_change]
    KNOWN.write_text(json.dumps([code, [(m.name, m.before, m.after, m.callers) for m in found]]), encoding="utf-8")
    return found


def _caseless(code: str) -> str:
    return CASELESS.sub(lambda found: found[0].lower(), code)


def _is_a_little_later(before: str, after: str) -> bool:
    old, new = _seconds(before), _seconds(after)
    return old is not None and new is not None and old < new <= max(old + 1, old * 1.05)


def _seconds(code: str) -> float | None:
    """Return the seconds that a constant says to be; None for any other."""
    found = SECONDS.match(code)
    return prod(float(factor) for factor in found[1].split("*")) if found else None


def _generated() -> list[Mutant]:
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(SOURCE, COPY, ignore=shutil.ignore_patterns("*.pyc", "*.egg-info"))
    paths = [path for part in MUTATED for path in sorted((SOURCE / PACKAGE).glob(part))]
    functions = [mutant for path in paths for mutant in _in_functions(path)]
    return functions + [mutant for path in paths for mutant in _in_constants(path, functions)]


def _name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def _in_functions(path: Path) -> Iterator[Mutant]:
    module = libcst.parse_module(path.read_text(encoding="utf-8")).visit(_DecoratorsBelow())
    mutated = mutate_file_contents(str(path), module.code)
    (COPY / path.relative_to(SOURCE)).write_text(mutated.code, encoding="utf-8")
    lines = mutated.code.splitlines()

    def source(function: str) -> str:
        span = mutated.line_span_by_function_name[function]
        return "\n".join(lines[span.start - 1 : span.end]).strip("\n")

    for mutant in mutated.mutant_names:
        function = mutant.partition("__mutmut_")[0]
        before, after = source(f"{function}__mutmut_orig"), source(mutant)
        yield Mutant(f"{_name(path)}.{mutant}", before, after, (f"{_name(path)}.{function}",))


def _in_constants(path: Path, functions: Sequence[Mutant]) -> Iterator[Mutant]:
    module, mutations, *_ = create_mutations(str(path), path.read_text(encoding="utf-8"))
    for statement in module.body:
        code = module.code_for_node(statement).strip()
        changed = (
            module.code_for_node(statement.deep_replace(each.original_node, each.mutated_node)).strip()  # type: ignore[arg-type]
            for each in mutations
            if not each.contained_by_top_level_function
        )
        for number, after in enumerate((after for after in changed if after != code), 1):
            for name in _redefined(code, after):
                users = {each.callers[0] for each in functions if re.search(rf"\b{name}\b", each.before)}
                yield Mutant(f"{_name(path)}.{name}__mutmut_{number}", code, after, tuple(sorted(users)))


def _redefined(before: str, after: str) -> list[str]:
    """Return which of the constants that an assignment makes have another value after a change."""
    old, new = ast.parse(before).body[0], ast.parse(after).body[0]
    if not isinstance(old, ast.Assign) or not isinstance(new, ast.Assign):
        return []
    names, was, becomes = (_members(node) for node in (old.targets[0], old.value, new.value))
    if len(names) == 1:  # the value may be a tuple
        was, becomes = [old.value], [new.value]
    if not len(names) == len(was) == len(becomes):
        return []
    changed = [name for name, *both in zip(names, was, becomes, strict=True) if len({*map(ast.dump, both)}) > 1]
    return [name.id for name in changed if isinstance(name, ast.Name) and name.id.isupper()]


def _members(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _left_out(node: libcst.Expr) -> Iterator[libcst.Pass]:
    """Leave out a call that is made for what it does."""
    if isinstance(node.value, libcst.Call):
        yield libcst.Pass()


def _decided(node: libcst.If | libcst.CompIf) -> Iterator[libcst.If | libcst.CompIf]:
    """Take one branch always, then the other; let everything through a filter."""
    yield node.with_changes(test=libcst.Name("True"), **_SPACE)
    if isinstance(node, libcst.If):
        yield node.with_changes(test=libcst.Name("False"), **_SPACE)


_SPACE = {"whitespace_before_test": libcst.SimpleWhitespace(" ")}
mutation_operators += [(libcst.Expr, _left_out), (libcst.If, _decided), (libcst.CompIf, _decided)]  # type: ignore[operator]


class _DecoratorsBelow(libcst.CSTTransformer):
    def leave_FunctionDef(
        self, original_node: libcst.FunctionDef, updated_node: libcst.FunctionDef
    ) -> libcst.FunctionDef | libcst.FlattenSentinel[libcst.BaseStatement]:
        made = [decorator.decorator for decorator in updated_node.decorators]
        if not made or any(isinstance(each, libcst.Name) and each.value in BUILT_IN for each in made):
            return updated_node
        value: libcst.BaseExpression = updated_node.name
        for decorator in reversed(made):
            value = libcst.Call(decorator, [libcst.Arg(value)])
        target = libcst.AssignTarget(updated_node.name)
        below = libcst.SimpleStatementLine([libcst.Assign([target], value)])
        return libcst.FlattenSentinel([updated_node.with_changes(decorators=[]), below])
