"""Where an Azure is: the addresses of its Resource Manager and of its sign-in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from scanner import documents
from scanner.errors import UsageError


class Cloud(msgspec.Struct, frozen=True, rename="camel"):
    """One cloud. `audience` is what tokens are asked for, `ca_bundle` a file of certificates."""

    name: str
    resource_manager: str
    authority: str
    audience: str
    ca_bundle: str = ""
    private: bool = False
    """Not one of Microsoft's: its authority is taken on the word of the file."""

    @property
    def scope(self) -> str:
        """The scope that tokens are requested for."""
        return f"{self.audience.rstrip('/')}/.default"


CLOUDS: Final = {
    "public": Cloud(
        "public",
        "https://management.azure.com",
        "https://login.microsoftonline.com",
        "https://management.azure.com",
    ),
    "usgov": Cloud(
        "usgovernment",
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://management.core.usgovcloudapi.net",
    ),
    "china": Cloud(
        "china",
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://management.core.chinacloudapi.cn",
    ),
}
"""Microsoft's clouds by the names that `--cloud` takes; snapshots record the name inside."""


def find_cloud(name_or_file: str) -> Cloud:
    """Return one of Microsoft's clouds by its name, or the one that a file describes.

    Raises:
        UsageError: there is neither such a cloud nor such a file.
        DocumentError: the file is wrong.
    """
    if name_or_file in CLOUDS:
        return CLOUDS[name_or_file]
    path = Path(name_or_file)
    if not path.is_file():
        raise UsageError(
            f"there is no cloud and no file {name_or_file!r}",
            hint=f"Use {', '.join(CLOUDS)}, or a file that describes a cloud.",
        )
    document = documents.load(path)
    documents.check(document, "cloud")
    cloud = msgspec.convert({**document.data, "private": True}, Cloud)
    bundle = path.resolve().parent / cloud.ca_bundle
    if cloud.ca_bundle and not bundle.is_file():
        raise document.error(
            ("caBundle",), f"there is no {bundle}", "A relative path starts from the file's folder."
        )
    return msgspec.structs.replace(
        cloud,
        resource_manager=cloud.resource_manager.rstrip("/"),
        authority=cloud.authority.rstrip("/"),
        ca_bundle=str(bundle) if cloud.ca_bundle else "",
    )
