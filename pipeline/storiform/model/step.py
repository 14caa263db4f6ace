"""`Step.of(function)` reads a step off the annotations of a plain function."""

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from storiform.model.errors import ContractError
from storiform.model.params import Params
from storiform.model.reads import Scan
from storiform.model.table import Gather, Grain, Picture, Resource, Table

Kind = Literal["table", "gather", "resource", "params"]
Product = Table | Picture
F = TypeVar("F", bound=Callable[..., Any])

GRAINS: tuple[Grain, ...] = ("sample", "biopsy", "patient", "cohort")


@dataclass(frozen=True)
class Cost:
    """What one run of a step takes: `cores`, and `memory_gb` in 1e9 bytes."""

    cores: int = 1
    memory_gb: float = 2.0


@dataclass(frozen=True)
class Argument:
    """One argument of a step: its name, what fills it, and whether it may be absent."""

    name: str
    kind: Kind
    contract: Table | Gather | Resource | type[Params]
    optional: bool = False


@dataclass(frozen=True)
class Companion:
    """A table that a step does not read, but without which its results serve nothing."""

    table: Table
    because: str = ""


@dataclass(frozen=True)
class Step:
    """A step: a function with what it asks for and what it makes.

    `products` are in the order of the fields of the returned NamedTuple; `fields` are
    their names, empty where the function returns its one product itself. `scan` is set
    where the function returns a collector, which the pass over a file of reads feeds.
    `one_of` names optional arguments of which one at least must be there; `companions` are
    tables that must be there though the step does not read them.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Argument, ...]
    products: tuple[Product, ...]
    fields: tuple[str, ...]
    grain: Grain
    cost: Cost
    scan: Scan | None = None
    one_of: tuple[str, ...] = ()
    companions: tuple[Companion, ...] = ()

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Step":
        """Read a step off the annotations of `function`.

        Raises
        ------
        ContractError
            If an argument or the return value carries no contract, if the products belong
            to different grains, or if `needs_one_of` names no optional table.
        """
        name = function.__name__
        hints = get_type_hints(function, include_extras=True)
        if "return" not in hints:
            message = f"step {name}: its return value carries no contract"
            raise ContractError(message)
        returned = hints.pop("return")
        scan = _scan(returned)
        fields, products = ((), scan.tables) if scan else _products(name, returned)
        names = list(inspect.signature(function).parameters)
        missing = [argument for argument in names if argument not in hints]
        if missing:
            message = f"step {name}: arguments without annotation: {missing}"
            raise ContractError(message)
        arguments = tuple(_argument(name, n, hints[n]) for n in names)
        grains = {product.grain for product in products}
        if len(grains) != 1:
            message = f"step {name}: products of several grains: {sorted(grains)}"
            raise ContractError(message)
        if scan and grains != {"sample"}:
            message = f"step {name}: a collector makes tables of samples, not {sorted(grains)}"
            raise ContractError(message)
        cost = getattr(function, "storiform_cost", Cost())
        one_of = _one_of(name, function, arguments)
        grain = grains.pop()
        companions: tuple[Companion, ...] = getattr(function, "storiform_companions", ())
        return cls(
            name, function, arguments, products, fields, grain, cost, scan, one_of, companions
        )

    @property
    def params(self) -> Argument | None:
        """The argument that takes the section of the configuration, if there is one."""
        found = [argument for argument in self.arguments if argument.kind == "params"]
        return found[0] if found else None

    @property
    def section(self) -> str:
        """The section of the configuration: the room, the module of the Params class.

        A room that is a package has a section for each module: `copy_number_fit`.
        """
        if self.params is None:
            return ""
        module = str(self.params.contract.__module__)
        of_ours = module.split(".")[2:] if module.startswith("storiform.") else []
        return "_".join(of_ours) or module.rsplit(".", 1)[-1]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n", 1)[0]

    def unpack(self, returned: object) -> tuple[Any, ...]:
        """Return the products of one call in the order of `products`."""
        if not self.fields:
            return (returned,)
        return tuple(getattr(returned, field) for field in self.fields)


def costs(cores: int = 1, memory_gb: float = 2.0) -> Callable[[F], F]:
    """State the cores and the memory (1e9 bytes) of a step that needs more than usual."""

    def mark(function: F) -> F:
        function.storiform_cost = Cost(cores, memory_gb)  # type: ignore[attr-defined]
        return function

    return mark


def needs_one_of(*arguments: str) -> Callable[[F], F]:
    """State the optional tables of a step of which one at least must be there to run it."""

    def mark(function: F) -> F:
        function.storiform_one_of = arguments  # type: ignore[attr-defined]
        return function

    return mark


def only_with(table: Table, because: str = "") -> Callable[[F], F]:
    """State a table without which a step is of no use, though it does not read it.

    `because` is told to the user where a unit has no such table: "neoantigens need HLA
    alleles".
    """

    def mark(function: F) -> F:
        others: tuple[Companion, ...] = getattr(function, "storiform_companions", ())
        companions = (Companion(table, because), *others)
        function.storiform_companions = companions  # type: ignore[attr-defined]
        return function

    return mark


def _one_of(
    name: str, function: Callable[..., Any], arguments: tuple[Argument, ...]
) -> tuple[str, ...]:
    stated: tuple[str, ...] = getattr(function, "storiform_one_of", ())
    optional = {a.name for a in arguments if a.kind == "table" and a.optional}
    if strangers := [argument for argument in stated if argument not in optional]:
        message = f"step {name}: needs_one_of names {strangers}, no optional tables of it"
        raise ContractError(message)
    return stated


def _products(name: str, annotation: object) -> tuple[tuple[str, ...], tuple[Product, ...]]:
    contract = _contract(annotation)
    if isinstance(contract, Table | Picture):
        return (), (contract,)
    if isinstance(annotation, type) and hasattr(annotation, "_fields"):
        hints = get_type_hints(annotation, include_extras=True)
        found = [_contract(hint) for hint in hints.values()]
        products = tuple(c for c in found if isinstance(c, Table | Picture))
        if found and len(products) == len(found):
            return tuple(hints), products
    message = f"step {name}: its return value carries no contract"
    raise ContractError(message)


def _scan(annotation: object) -> Scan | None:
    if get_origin(annotation) is not Annotated:
        return None
    found = [mark for mark in get_args(annotation)[1:] if isinstance(mark, Scan)]
    return found[0] if found else None


def _argument(step: str, name: str, annotation: object) -> Argument:
    inner, optional = annotation, False
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        optional = len(parts) < len(get_args(annotation))
        inner = parts[0] if len(parts) == 1 else annotation
    contract = _contract(inner)
    if isinstance(contract, Table):
        return Argument(name, "table", contract, optional)
    if isinstance(contract, Gather):
        return Argument(name, "gather", contract, optional)
    if isinstance(contract, Resource):
        return Argument(name, "resource", contract, optional)
    if isinstance(inner, type) and issubclass(inner, Params):
        return Argument(name, "params", inner, optional)
    message = f"step {step}: argument {name} carries no contract"
    raise ContractError(message)


def _contract(annotation: object) -> object:
    if get_origin(annotation) is not Annotated:
        return None
    marks = (Table, Picture, Gather, Resource)
    found = [mark for mark in get_args(annotation)[1:] if isinstance(mark, marks)]
    return found[0] if found else None
