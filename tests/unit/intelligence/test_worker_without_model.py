"""A worker loads its model, and never makes one."""

import subprocess

from tests.process_system import BIN, PROJECT, process_environment, settings

NOWHERE = ("postgresql://nobody@127.0.0.1:1/nothing", "redis://127.0.0.1:1/0")


def test_a_worker_without_a_model_file_ends_with_the_command_that_makes_one(tmp_path):
    environment = process_environment(settings(*NOWHERE, GATTE_DATA_DIR=str(tmp_path)))
    ended = subprocess.run(
        [BIN / "flask", "worker"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 78
    assert f"make it with: python -m gatte.intelligence.build {tmp_path / 'models'}" in ended.stderr
    assert list(tmp_path.glob("**/*.npz")) == []
