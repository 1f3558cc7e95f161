"""Which property names say that the value is a secret.

Names are compared in lower case without `_`, `-`, `.` and spaces, so that `client_secret` is
`clientSecret`. A name that only begins or goes on with "key" or "secret" is none: `keyIdentifier`,
`keyVaultProperties`, `keySource`, `keyPolicy`, `keyName`, `allowSharedKeyAccess`, `secretsType`,
`credentialsType`, `secretUrl` all stay.
"""

from __future__ import annotations

import functools
from typing import Final

_SUFFIXES: Final = (
    "key",
    "secret",
    "password",
    "passphrase",
    "token",
    "connectionstring",
    "sastoken",
    "sasuri",
    "sasurl",
    "sharedaccesssignature",
)
"""A property of a resource whose name ends so is a secret, `_NOT_SECRET` aside."""

_NOT_SECRET: Final = frozenset(
    {"groupkey", "labelkey", "partitionkey", "sortkey", "tagkey", "topologykey"}
)
"""Names that end like a secret, but name what something is grouped or found by."""

_SECRETS: Final = frozenset(
    {
        # What people call a secret.
        "authorization",
        "connectionstrings",
        "passwords",
        "pwd",
        "sas",
        # Key pairs and lists of keys; the public half too, since it names a person.
        "accesskeys",
        "accountkeys",
        "apikeys",
        "authorizedkeys",
        "keydata",
        "publickeys",
        "sharedkeys",
        "sshkeys",
        "sshpublickeys",
        # Certificates and configurations that carry a private key.
        "cert",
        "kubeconfig",
        "kubeconfigs",
        "pfx",
        "protectedsettings",
        # Script bodies and what is handed to them.
        "cloudinit",
        "commandtoexecute",
        "customdata",
        "inlinescript",
        "scriptarguments",
        "scriptbody",
        "scriptcontent",
        "scriptdata",
        "userdata",
    }
)
"""Whole names that are secrets as well."""

_BLATANT: Final = frozenset(
    {
        "accesskey",
        "accesskeys",
        "accesstoken",
        "accountkey",
        "apikey",
        "authorization",
        "authtoken",
        "bearertoken",
        "clientsecret",
        "connectionstrings",
        "instrumentationkey",
        "passwords",
        "personalaccesstoken",
        "privatekey",
        "pwd",
        "refreshtoken",
        "sas",
        "secret",
        "secretkey",
        "sharedaccesskey",
        "sharedaccesssignature",
        "storagekey",
    }
)
_BLATANT_SUFFIXES: Final = ("connectionstring", "passphrase", "password", "sastoken")

_HOLDERS: Final = frozenset({"credentials", "environmentvariables", "headers"})
"""Objects in which every string is a secret, but for references."""

_REFERENCE_SUFFIXES: Final = (
    "id",
    "ids",
    "identifier",
    "identity",
    "name",
    "time",
    "type",
    "uri",
    "url",
    "vault",
    "version",
)
"""Inside credentials: what says which account or kind it is, and is no secret itself."""

DEFINING_TABLES: Final = frozenset({"policyDefinitions", "policySetDefinitions", "roleDefinitions"})
"""Their property names are about other resources' properties, so that only texts are looked at."""

DECLARING_TABLES: Final = frozenset({"policyAssignments", "policyExemptions"})
"""Their parameters are named by policy authors, like tags."""

_DROP: Final = str.maketrans("", "", "_-. ")


@functools.lru_cache(maxsize=65_536)
def normalized(name: str) -> str:
    """Return the name as it is compared."""
    return name.translate(_DROP).lower()


@functools.lru_cache(maxsize=65_536)
def is_secret(plain: str) -> bool:
    """Tell whether a resource's property of this normalized name is a secret."""
    if plain in _NOT_SECRET:
        return False
    return plain in _SECRETS or plain in _BLATANT or plain.endswith(_SUFFIXES)


@functools.lru_cache(maxsize=65_536)
def is_blatant(plain: str) -> bool:
    """Tell whether a name means a secret even where users make up the names (tags)."""
    return plain in _BLATANT or plain.endswith(_BLATANT_SUFFIXES)


def holds_only_secrets(plain: str) -> bool:
    """Tell whether all strings below a property of this normalized name are secrets."""
    return plain in _HOLDERS


@functools.lru_cache(maxsize=65_536)
def is_reference(plain: str) -> bool:
    """Tell whether a string among secrets only says which account or kind they are for."""
    return plain.endswith(_REFERENCE_SUFFIXES) and not is_secret(plain)
