"""The code of the README runs as it stands."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

from nexa import Handle

README = Path(__file__).parent.with_name("README.md").read_text()
BLOCKS: list[str] = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PROGRAMS = [block for block in BLOCKS if "asyncio.run(" in block]
EXCERPTS = [block for block in BLOCKS if "asyncio.run(" not in block]


def test_the_program_prints_a_profile() -> None:
    (program,) = PROGRAMS
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[Interface]\nPrivateKey = ") and done.stderr == ""


async def test_the_excerpts_run_after_it(admin: Handle) -> None:
    from world import world

    assert len(EXCERPTS) == 5
    (ada,) = (await admin.identity().list_users()).items
    async with world(admin, ada):
        names = {"admin": admin}
        for excerpt in EXCERPTS:
            code = compile(excerpt, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            outcome = eval(code, names)
            if inspect.isawaitable(outcome):
                await outcome


def test_every_kind_of_failure_is_named() -> None:
    from nexa import NexaError

    assert all(f"`{kind.__name__}`" in README for kind in NexaError.__subclasses__())
