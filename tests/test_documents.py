from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner import documents
from scanner.errors import ConfigError, DocumentError, RuleError

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")))
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=20,
)


def parse(text: str | bytes, name: str = "x.yaml") -> documents.Document:
    return documents.parse(text.encode() if isinstance(text, str) else text, name)


def refusal(text: str | bytes, name: str = "x.yaml") -> str:
    with pytest.raises(DocumentError) as caught:
        parse(text, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("NO", "NO"),
        ("0", 0),
        ("-12", -12),
        ("007", "007"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("22:30", "22:30"),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("2026-11-01", "2026-11-01"),
        ("'true'", "true"),
        ('"1"', "1"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("=", "="),
    ],
)
def test_plain_values_have_one_meaning(written, read):
    value = parse(f"key: {written}").data["key"]
    assert value == read
    assert type(value) is type(read)


def test_keys_are_text_whatever_they_look_like():
    assert parse("on: 1\n2: b\ntrue: c\n").data == {"on": 1, "2": "b", "true": "c"}


def test_lines_of_places():
    document = parse("# head\na:\n  b: 1\n  c:\n    - x\n    - y: 2\n\nd: {e: [1,\n  2]}\n")
    lines = {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c", 0): 5,
        ("a", "c", 1, "y"): 6,
        ("d", "e", 1): 9,
    }
    assert {place: document.line(place) for place in lines} == lines


def test_line_of_a_place_that_is_not_there_is_that_of_what_is_around_it():
    document = parse("a:\n  b:\n    - 1\n")
    assert document.line(("a", "x", "y")) == 1
    assert document.line(("a", "b", 7)) == 2
    assert document.line(("a", "b", 0, "z")) == 3


def test_text_is_as_written():
    document = parse("ruleset: 2026.10\n")
    assert document.data["ruleset"] == 2026.1
    assert document.text(("ruleset",)) == "2026.10"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.yaml: is empty"),
        ("# only a comment\n", "x.yaml: is empty"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: starts a second document"),
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: a: is there twice, first on line 1"),
        ("p:\n  - q: 1\n    q: 2\n", "x.yaml:3: p[0].q: is there twice, first on line 2"),
        ("a:\n  - b\n\tc: d\n", "x.yaml:3: is not YAML: "),
        ("a: [1, 2\nb: 3\n", "x.yaml:2: is not YAML: "),
        ("a: 1\nb: \x00\n", "x.yaml:2: holds a character"),
        (b"a: 1\nb: \xff\n", "x.yaml:2: is not UTF-8"),
        ("a: 1\n".encode("utf-16"), "x.yaml:1: is not UTF-8"),
        ("a: !!python/object/apply:os.system [x]\n", "x.yaml:1: a: the tag "),
        ("a: !secret x\n", "x.yaml:1: a: the tag !secret is not supported"),
        ("<<: {a: 1}\n", "x.yaml:1: merge keys"),
        ("? [a]\n: 1\n", "x.yaml:1: a key must be plain text"),
        ("a: *b\n", "x.yaml:1: a: the alias *b stands for nothing"),
        ("a: &a [*a]\n", "x.yaml:1: a[0]: the alias *a stands for nothing"),
    ],
)
def test_one_clear_error(text, message):
    assert refusal(text).startswith(message)


def test_tabs_get_a_hint():
    with pytest.raises(DocumentError) as caught:
        parse("a:\n\tb: 1\n")
    assert caught.value.hint == "Indent with spaces, not with tabs."


def test_byte_order_mark_and_windows_line_ends_are_read():
    document = parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert document.data == {"a": 1, "b": 2}
    assert document.line(("b",)) == 2


def test_size_limit():
    assert parse(b"a: " + b"x" * (documents.MAX_BYTES - 3)).data
    assert refusal(b"a: " + b"x" * (documents.MAX_BYTES - 2)) == "x.yaml: is larger than 1024 KiB"


@pytest.mark.parametrize("text", ["[" * 500_000, "- " * 500_000, "[" * 65 + "]" * 65, "{a: " * 100])
def test_depth_limit(text):
    assert "is nested more than 64 levels deep" in refusal(text)


def test_deepest_allowed():
    assert parse("[" * 64 + "]" * 64).data


def test_json_depth_limit():
    assert "levels deep" in refusal("[" * 500_000, "x.json")


def test_few_aliases_are_read():
    assert parse("a: &a {x: [1]}\nb: *a\nc: [*a, *a]\n").data["c"] == [{"x": [1]}] * 2


def test_aliases_that_multiply_are_refused():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "the aliases stand for more than 10000 values" in refusal("\n".join(levels))


def test_aliases_that_deepen_are_refused():
    deep = "[" * 40
    text = f"a: &a {deep}{']' * 40}\nb: {deep}*a{']' * 40}\n"
    assert refusal(text).startswith("x.yaml:2: b[0]")


@given(_TEXT)
def test_text_that_yaml_quotes_is_read_back(text):
    written = yaml.safe_dump({"data": text}, allow_unicode=True, default_style='"')
    assert parse(written).data == {"data": text}


@given(_JSON, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_means_what_json_says(data, indent, ascii_only):
    written = json.dumps({"data": data}, indent=indent, ensure_ascii=ascii_only)
    assert parse(written, "x.json").data == {"data": data}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,}', "x.json:1: is not JSON: "),
        ("a: 1", "x.json:1: is not JSON: "),
        ('{\n\t"a": 1,\n\t"a": 2}', "x.json:3: a: is there twice, first on line 2"),
        ('{"a": NaN}', "x.json: holds a number"),
        (f'{{"a": {"1" * 5000}}}', "x.json: holds a number"),
        ('{"a": "\\ud83d"}', "x.json:1: is not JSON: "),
    ],
)
def test_json_errors(text, message):
    assert refusal(text, "x.json").startswith(message)


@pytest.mark.parametrize(
    "value",
    [
        "😀",
        "\\ud83d\\ude00",
        "ä/",
        '"',
        "\\",
        "\n\t\x01",
        "\u2028\ufeff\xa0",
        "\U000e0001",
        "\\\\u00e4",
    ],
)
def test_json_escapes(value):
    written = "".join(f"\\u{ord(char):04x}" for char in value) if max(value) < "\U00010000" else ""
    for text in (json.dumps([value]), written and f'["{written}"]'):
        assert not text or parse(text, "x.json").data == [value]


def test_json_keys_may_be_long():
    key = "ä" * 500
    assert parse(json.dumps({key: 1}), "x.json").data == {key: 1}


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"#,? \n\t%@`<~").map(str.encode))
def test_any_bytes_are_data_or_one_clear_error(content):
    message = ""
    try:
        json.dumps(documents.parse(content, "x.yaml").data)
    except DocumentError as error:
        message = str(error)
    assert not message or message.startswith("x.yaml")


def test_load_names_the_file(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        documents.load(tmp_path / "none.yaml", error=ConfigError)
    with pytest.raises(ConfigError, match="cannot be read"):
        documents.load(tmp_path, error=ConfigError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_endless_files_are_refused():
    with pytest.raises(DocumentError, match="is larger than"):
        documents.load(Path("/dev/zero"))


def test_show():
    assert documents.show(("rules", "packs", 0, "x")) == "rules.packs[0].x"
    assert documents.show(()) == ""


RULE = """\
id: AML-CMP-001
name: cluster-scales-to-zero
title: Compute cluster keeps nodes running
severity: medium
since: 0.1.0
resource: compute
require: { field: minNodeCount, equals: 0 }
message: "{name} keeps nodes running."
rationale: Nodes that run without work cost money, and nobody sees it until the bill has come in.
remediation: { text: Set the least number of nodes to zero. }
controls: [source/statement]
references: [https://example.org/]
"""


def test_check_passes_a_good_document():
    documents.check(parse(RULE), "rule")


@pytest.mark.parametrize(
    ("good", "bad", "message", "hint"),
    [
        ("severity:", "severty:", "4: severty: unknown key 'severty'", "'severity'"),
        ("medium", "hihg", "4: severity: 'hihg' is none of the allowed values", "'high'"),
        ("equals:", "equal:", "7: require.equal: unknown key 'equal'", "'equals'"),
        ("{ field:", "{ feild:", "7: require: needs one of the keys", "'field'"),
        ("0.1.0", "0.1", "5: since: must be text, not 0.1", ""),
        ("controls: [source/statement]\n", "", "1: the key 'controls' is missing", ""),
        ("[source/statement]", "[]", "11: controls: must not be empty", ""),
        ("[source/statement]", "{}", "11: controls: must be a list, not a mapping", ""),
        ("[source/statement]", "[a/b, a/b]", "11: controls: names something twice", ""),
        ("[source/statement]", "[Upper]", "11: controls[0]: 'Upper' is not of the", ""),
        ("{ field: minNodeCount, equals: 0 }", "[]", "7: require: must be a mapping, not a", ""),
        (", equals: 0 }", " }", "7: require: has too few keys", ""),
        ("{ field: minNodeCount, equals: 0 }", "{ allOf: [{ value: 1, lik: 2 }] }",
         "7: require.allOf[0].lik: unknown key 'lik'", "'like'"),
    ],
)  # fmt: skip
def test_check_names_line_place_problem_and_nearest_name(good, bad, message, hint):
    assert good in RULE
    with pytest.raises(RuleError) as caught:
        documents.check(parse(RULE.replace(good, bad, 1)), "rule", error=RuleError)
    assert str(caught.value).startswith(f"x.yaml:{message}")
    assert hint in caught.value.hint


def test_check_raises_the_type_that_the_document_was_loaded_with():
    document = documents.parse(b"a: 1", "x.yaml", error=ConfigError)
    with pytest.raises(ConfigError, match="unknown key 'a'"):
        documents.check(document, "config")


@given(_JSON)
def test_check_of_any_data_is_one_clear_error(data):
    document = parse(json.dumps(data), "x.json")
    with pytest.raises(DocumentError) as caught:
        documents.check(document, "rule")
    assert len(caught.value.problem) < 400
