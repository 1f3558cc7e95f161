"""What tests of every part share: how hypothesis runs, and where files outside the tests are."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
# Without job control a shell starts what runs in the background deaf to Ctrl-C, and that is
# inherited. The tests that press it need it to be heard, here and in the commands they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def estates() -> Path:
    """The folder of fixture estates."""
    return ROOT / "fixtures" / "estates"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the checkout, which not every machine has."""
    folder = ROOT.parent / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip("no reference material beside the checkout")
    return folder
