"""Tool servers that others wrote, at fixed versions, as their registries hand them out."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

NPM = {
    "@modelcontextprotocol/server-filesystem": (
        "2026.8.31",
        "sha512-kKaFkyAh6oipvc9+EAbJ552JafnMnOq5nzmzWkp1jJdBhTAAGpmIpWihUG1+rfNhmEFM98gUZDdCHCDD4v6a7Q==",
    ),
    "@modelcontextprotocol/server-everything": (
        "2026.8.31",
        "sha512-5U3OZh8Xq0Li4nA26l6uNvV9/1suMDuWSn+NjLZIhzinhMY6N3A4DCrxVecBGPf2PsNFKTEv5krxGPRwzxc7jQ==",
    ),
}
"""Package: version, and the digest of what is to be installed."""


@pytest.fixture(scope="session")
def npm_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with those packages, installed once on this machine and looked at each time."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "handrail-tests"
    folder = cache / "-".join(["npm", *(version for version, _ in NPM.values())])
    if not folder.exists():
        fresh = tmp_path_factory.mktemp("npm")
        wanted = [f"{name}@{version}" for name, (version, _) in NPM.items()]
        install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(fresh)]
        fetched = subprocess.run([*install, *wanted], check=False, capture_output=True, text=True)
        if fetched.returncode:
            pytest.skip(f"npm could not fetch them: {fetched.stderr.strip()[-300:]}")
        cache.mkdir(parents=True, exist_ok=True)
        if not folder.exists():  # another process of this test run may have been quicker
            shutil.copytree(fresh, folder, symlinks=True, dirs_exist_ok=True)
    installed = json.loads((folder / "node_modules" / ".package-lock.json").read_text())["packages"]
    for name, pinned in NPM.items():
        found = installed[f"node_modules/{name}"]
        assert (found["version"], found["integrity"]) == pinned, f"{name} is not what was named: {folder}"
    return folder / "node_modules" / "@modelcontextprotocol"


@pytest.fixture
def environment() -> ActivityEnvironment:
    return ActivityEnvironment()
