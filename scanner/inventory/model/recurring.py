"""Fields that many kinds of resources have alike: where they stand and what they say."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from scanner.inventory.fields import Maybe, prop
from scanner.inventory.model import shapes

InWorkspace: TypeAlias = Annotated[Maybe[str], prop("^", "ARM id of the workspace.")]
DeepInWorkspace: TypeAlias = Annotated[Maybe[str], prop("^^", "ARM id of the workspace.")]
"""Of a child of a child of the workspace."""
InEndpoint: TypeAlias = Annotated[Maybe[str], prop("^", "ARM id of the endpoint.")]
Description: TypeAlias = Annotated[
    Maybe[str],
    prop("properties.description", "What its makers say it is for.", parse=shapes.unless_redacted),
]
ProvisioningState: TypeAlias = Annotated[
    Maybe[str], prop("properties.provisioningState", "Provisioning state, such as Succeeded.")
]
CreatedOn: TypeAlias = Annotated[
    Maybe[str], prop("properties.createdOn", "When it was created (UTC).")
]
Tags: TypeAlias = Annotated[
    Maybe[dict[str, str]],
    prop("tags", "Tags by name; a tag with an empty value is left out.", parse=shapes.tags),
]
