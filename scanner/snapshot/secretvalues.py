"""Which texts are secrets wherever they stand: SAS tokens, connection strings, keys, passwords in URLs."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = (
    "accesskey|accountkey|apikey|clientsecret|instrumentationkey|password|pwd"
    "|sharedaccesskey|sharedaccesssignature|sharedsecretvalue"
)

_SECRET_TEXT: Final = re.compile(
    "|".join(
        (
            # SAS token, alone or in a URL, also in one that is encoded once more.
            r"(?:(?<![a-z0-9])|%26|%3f)sig(?:=|%3d)[a-z0-9%+/]",
            # Connection strings and what is built like them.
            rf"(?:{_NAMES})\s*=\s*[^\s;'\"]",
            rf"[\"'](?:{_NAMES})[\"']\s*:\s*[\"'][^\"']",
            # User and password in a URL.
            r"://[^\s/:@\"]+:[^\s/@\"]+@",
            # Private keys, SSH keys, JSON web tokens, bearer headers.
            r"-----begin [a-z0-9 ]*private key-----",
            r"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-[\w-]+)\s+aaaa",
            r"(?<![\w-])eyj[\w-]{8,}\.[\w-]{8,}",
            r"\bbearer\s+[\w.~+/-]{16,}",
            # Tokens that their issuers gave a shape: storage and Service Bus keys, Entra client
            # secrets, GitHub, Databricks, Hugging Face, OpenAI.
            r"(?<![\w+/])(?:[a-z0-9+/]{86}==|[a-z0-9+/]{43}=)(?![\w=])",
            r"(?<![\w~.-])[\w~.-]{3}[78]q~[\w~.-]{31,34}(?![\w~.-])",
            r"\b(?:gh[pousr]_[a-z0-9]{36}|github_pat_\w{40,}|dapi[0-9a-f]{32}|hf_[a-z0-9]{30,})",
            r"\bsk-[\w-]{32,}",
        )
    ),
    re.IGNORECASE | re.ASCII,
)

_HINTS: Final = (
    *(b"=", b"%3d", b'\\"', b"'", b"key-----", b"ssh-", b"ecdsa-", b"eyj", b"bearer", b"q~"),
    *(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"dapi", b"hf_", b"sk-"),
)
"""One of these, or `_LOGIN`, is in the lower-cased JSON of every record that holds a secret text."""

_LOGIN: Final = re.compile(rb"://[^\s/:@\"]+:[^\s/@\"]+@")

_OPAQUE: Final = re.compile(r"(?=.*\d)[\w+=~.-][\w+/=~.-]{31,}", re.ASCII)
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def may_hold_secret(json_text: bytes) -> bool:
    """Tell fast whether any string of a record is worth a closer look; never wrongly no."""
    lowered = json_text.lower()
    return any(hint in lowered for hint in _HINTS) or _LOGIN.search(lowered) is not None


def is_secret_text(text: str) -> bool:
    """Tell whether a string is or contains a secret."""
    return _SECRET_TEXT.search(text) is not None


def looks_opaque(text: str) -> bool:
    """Tell whether a string may be a key that nothing else says is one: long, no words, no GUID."""
    return _OPAQUE.fullmatch(text) is not None and _GUID.fullmatch(text) is None
