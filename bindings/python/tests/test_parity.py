"""The runner of the parity scenarios fails where it must; that it agrees with Rust is a test of all languages together."""

import json
from pathlib import Path
from typing import Any

import parity
import pytest

OPEN = {"op": "Nexa.open", "args": {"url": "sqlite::memory:"}, "save": "nexa"}
SYSTEM = {"op": "Nexa.system", "on": "nexa", "args": {"reason": "parity"}, "save": "system"}
LIST = {"op": "Identity.list_users", "on": "system"}


async def played(folder: Path, *steps: dict[str, Any]) -> list[Any]:
    scenario, transcript = folder / "scenario.json", folder / "transcript"
    scenario.write_text(json.dumps({"steps": [OPEN, SYSTEM, *steps]}))
    await parity.run(scenario, transcript)
    return [json.loads(line) for line in transcript.read_text().splitlines()]


async def test_what_holds_is_written_down(tmp_path: Path) -> None:
    lines = await played(tmp_path, LIST | {"expect": {"next": None}}, LIST | {"args": {"limit": 3}})
    assert lines[0] == {"op": "Nexa.open", "result": "<Nexa>"}
    assert lines[2] == lines[3] == {"op": "Identity.list_users", "result": {"items": [], "next": None}}


@pytest.mark.parametrize(
    "step",
    [
        LIST | {"expect": {"next": "more"}},
        LIST | {"expect": {"items": [1]}},
        LIST | {"expect_error": {"kind": "closed"}},
        LIST | {"args": {"limit": 0}},
        LIST | {"args": {"limit": 0}, "expect_error": {"kind": "closed"}},
        LIST | {"args": {"limits": 1}},
        LIST | {"args": {"limit": "1"}},
        LIST | {"on": "nobody"},
        LIST | {"on": "nexa"},
        LIST | {"op": "Identity.list_everybody"},
        LIST | {"op": "Identity._secret"},
        LIST | {"op": "Identities.list_users"},
        {"op": "Identity.get_user", "on": "system"},
        {"op": "Identity.get_user", "on": "system", "args": {"id": "$nobody.id"}},
    ],
)
async def test_what_does_not_hold_names_its_step(tmp_path: Path, step: dict[str, Any]) -> None:
    with pytest.raises(parity.Broken, match="step 3: "):
        await played(tmp_path, step)
    assert not (tmp_path / "transcript").exists()
