"""The container images that online deployments run, whichever kind of environment says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scanner.inventory.fields import UNREAD, Derived, Maybe
from scanner.inventory.model.data import EnvironmentVersion
from scanner.inventory.model.endpoints import OnlineDeployment

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.facts import Facts

_FROM_REGISTRY = re.compile(
    r"azureml://registries/([^/]+)/environments/.*"
    r"|/subscriptions/.*/microsoft\.machinelearningservices/registries/([^/]+)/environments/.*",
    re.IGNORECASE,
)
_VERSION = OnlineDeployment.LINKS["environmentVersion"]


def image(deployment: OnlineDeployment, estate: Estate) -> Maybe[str]:
    """Return the image that a deployment's environment names, `None` where it is built."""
    return _from(deployment, estate, "image")


def image_registry(deployment: OnlineDeployment, estate: Estate) -> Maybe[str]:
    """Return where a deployment's image comes from, `None` where nothing names an image."""
    return _from(deployment, estate, "image_registry")


def _from(deployment: OnlineDeployment, estate: Estate, attribute: str) -> Maybe[str]:
    named = deployment.environment_id
    if not isinstance(named, str):
        return named
    registry = _FROM_REGISTRY.fullmatch(named)
    if registry is not None:
        return f"azureml://registries/{(registry[1] or registry[2]).lower()}"
    version: Any = estate.follow(deployment, _VERSION)
    if not isinstance(version, EnvironmentVersion):
        # It runs all the same: of an environment that is gone or named in words, nobody can tell.
        return UNREAD
    value: Maybe[str] = getattr(version, attribute)
    return value


FACTS: Facts = {
    "onlineDeployment": {
        "image": Derived(
            str,
            image,
            "Image of its environment, or `azureml://registries/NAME` where an Azure ML registry "
            "has the environment; null where the image is built or no environment is named.",
            ("environmentId",),
        ),
        "imageRegistry": Derived(
            str,
            image_registry,
            "Host of the image's registry, or `azureml://registries/NAME` where an Azure ML "
            "registry has the environment; null as for `image`.",
            ("environmentId",),
        ),
    }
}
