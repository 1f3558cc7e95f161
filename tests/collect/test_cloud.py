from __future__ import annotations

import json

import pytest

from scanner.collect.cloud import CLOUDS, find_cloud
from scanner.errors import DocumentError, UsageError

GIVEN = {
    "name": "lab",
    "resourceManager": "https://localhost:8443/",
    "authority": "https://localhost:8443/",
    "audience": "https://management.lab.example",
}


@pytest.mark.parametrize("name", CLOUDS)
def test_clouds_of_microsoft(name):
    cloud = find_cloud(name)
    assert cloud.resource_manager.startswith("https://")
    assert cloud.scope == f"{cloud.audience}/.default"
    assert not cloud.private


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_file_describes_a_cloud(tmp_path, suffix):
    (tmp_path / "ca.pem").write_text("x")
    file = tmp_path / f"cloud.{suffix}"
    file.write_text(json.dumps({**GIVEN, "caBundle": "ca.pem"}))
    cloud = find_cloud(str(file))
    assert cloud.resource_manager == "https://localhost:8443"
    assert cloud.private
    assert cloud.ca_bundle == str(tmp_path / "ca.pem")
    assert cloud.scope == "https://management.lab.example/.default"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"resourceManager": "http://localhost"}, "resourceManager"),
        ({"resourceManager": "https://a@localhost"}, "resourceManager"),
        ({"authority": "localhost:8443"}, "authority"),
        ({"name": "a b"}, "name"),
        ({"audience": 3}, "audience"),
        ({"caBundle": "missing.pem"}, "there is no "),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, change, problem):
    file = tmp_path / "cloud.json"
    file.write_text(json.dumps({**GIVEN, **change}))
    with pytest.raises(DocumentError, match=problem) as caught:
        find_cloud(str(file))
    assert str(file) in str(caught.value)


def test_an_unknown_name_is_wrong_usage():
    with pytest.raises(UsageError, match="no cloud and no file 'moon'"):
        find_cloud("moon")
