"""Existence: whether a resource has the related resource that a definition's details ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner import armid
from scanner.azurepolicy.conditions import prepared
from scanner.azurepolicy.definitions import NotEvaluated
from scanner.engine.context import Value, compile_value
from scanner.engine.result import Evidence
from scanner.engine.template import TemplateError
from scanner.inventory.fields import UNREAD
from scanner.snapshot.tables import TABLE_OF_TYPE

if TYPE_CHECKING:
    from scanner.azurepolicy.compiled import CompiledDefinition
    from scanner.azurepolicy.fields import RawRecord
    from scanner.engine.conditions import Node
    from scanner.inventory.estate import Estate

_EXTENSIONS: Final = frozenset(
    {
        "microsoft.authorization/denyassignments",
        "microsoft.authorization/policyassignments",
        "microsoft.authorization/policyexemptions",
        "microsoft.authorization/roleassignments",
        "microsoft.insights/diagnosticsettings",
    }
)
"""Types whose resources belong to the one that their id extends."""
_PROVIDERS: Final = "/providers/"


class _Found(NamedTuple):
    names: tuple[str, str]
    """Name and full name, in lower case."""
    meets: bool | None


class Related:
    """The related resources of a definition: offered one by one, then asked for per resource.

    Only what meets the existence condition, or may do so, is kept, and what is asked for by name.
    """

    def __init__(self, compiled: CompiledDefinition, estate: Estate) -> None:
        definition = compiled.definition
        details = definition.details
        if not isinstance(details, Mapping) or not isinstance(details.get("type"), str):
            raise definition.error(("then", "details"), "the details must name a type")
        self.type = str(compiled.constant(details["type"], ("then", "details", "type"))).lower()
        if self.type not in TABLE_OF_TYPE:
            raise NotEvaluated(f"no snapshot has resources of type {details['type']}")
        self.table = TABLE_OF_TYPE[self.type]
        self._label = details["type"]
        self._estate = estate
        self._condition: Node | None = None
        if "existenceCondition" in details:
            place = ("then", "details", "existenceCondition")
            self._condition = compiled.node(prepared(details["existenceCondition"]), place)
        self._name = self._value("name", details, compiled)
        self._group = self._value("resourceGroupName", details, compiled)
        parents = tuple(f"{arm_type}/" for arm_type in compiled.types or ())
        self._below = self.type in _EXTENSIONS or self.type.startswith(parents or ("\0",))
        self._wide = str(details.get("existenceScope")).lower() == "subscription"
        self._found: dict[str, list[_Found]] = {}

    @staticmethod
    def _value(key: str, details: Mapping[str, Any], compiled: CompiledDefinition) -> Value | None:
        if key not in details:
            return None
        try:
            return compile_value(details[key], compiled.context)
        except ValueError as problem:
            place = ("then", "details", key)
            raise compiled.definition.error(place, str(problem)) from problem

    def offer(self, record: RawRecord) -> None:
        """Take note of a record of the snapshot, if it can be the related one of some resource."""
        if record.type.lower() != self.type:
            return
        meets = True if self._condition is None else self._condition.test(record, ())
        if meets is not False or self._name is not None:
            names = (record.name.lower(), record.full_name.lower())
            self._found.setdefault(self._holder(record), []).append(_Found(names, meets))

    def _holder(self, record: RawRecord) -> str:
        """Return the key of the scope in which a related resource is looked for."""
        if self.type in _EXTENSIONS:
            return armid.key(record.id[: record.id.lower().rfind(_PROVIDERS)])
        if self._below:
            return armid.key(armid.parent(record.id))
        return armid.key(self._scope(record.subscription_id, record.resource_group))

    def _scope(self, subscription: str, group: str) -> str:
        whole = f"/subscriptions/{subscription}"
        return whole if self._wide or not group else f"{whole}/resourceGroups/{group}"

    def exists(self, record: RawRecord) -> bool | None:
        """Tell whether the related resource of a record exists; `None` if it may be unread."""
        scope, name = self._where(record), self._text(self._name, record)
        if scope is None or name is None:
            return None
        candidates = self._found.get(armid.key(scope), ())
        answers = {each.meets for each in candidates if not name or name.lower() in each.names}
        if True in answers or None in answers:
            return True if True in answers else None
        # The one resource of a name was looked at; of others there may be more than were read.
        is_known = (name and answers) or self._estate.coverage.has_all(self.table, scope)
        return False if is_known else None

    def _where(self, record: RawRecord) -> str | None:
        if self._below:
            return record.id
        group = self._text(self._group, record)
        if group is None:
            return None
        return self._scope(record.subscription_id, group or record.resource_group)

    @staticmethod
    def _text(value: Value | None, record: RawRecord) -> str | None:
        """Return what a detail says for a resource: "" where it says nothing, `None` unknown."""
        if value is None:
            return ""
        try:
            text = value.get(record, ())
        except TemplateError:
            return None
        if text is UNREAD:
            return None
        return text if isinstance(text, str) else ""

    def evidence(self, record: RawRecord) -> Evidence:
        """Return that the related resource is not there, or that nobody could look for it."""
        wanted = "exists" if self._condition is None else "exists and meets the condition"
        return Evidence(
            path=self._label, actual=None, expected=wanted, readable=self.exists(record) is False
        )
