"""A run by spark-submit, whose workers get Botmeter in an archive."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pyspark

import botmeter
from spark.test_spark_refusals import EVENT_LINE
from support.spark_cluster import cluster, environment

# The archive of venv-pack, but for the other packages, which are those of this machine.
_PYTHON = '#!/bin/sh\nhere=$(dirname "$0")\nPYTHONPATH="$here/../lib:$PYTHONPATH" exec {python} "$@"\n'
_PROGRAM = "from botmeter.__main__ import main\n\nmain()\n"


def archive(folder: Path) -> Path:
    """Pack an environment with Botmeter."""
    python = folder / "python"
    python.write_text(_PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    with tarfile.open(folder / "environment.tar.gz", "w:gz", compresslevel=1) as packed:
        packed.add(python, "bin/python")
        packed.add(Path(botmeter.__file__).parent, "lib/botmeter")
    return folder / "environment.tar.gz"


def test_workers_take_botmeter_from_an_archive(tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text(EVENT_LINE)
    (tmp_path / "program.py").write_text(_PROGRAM)
    # Without the archive, workers have no Botmeter.
    package = tmp_path / "other" / "botmeter" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text("raise ImportError")
    with cluster(tmp_path, workers=1, python_path=tmp_path / "other") as master:
        command = [
            str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", master,
            "--archives", f"{archive(tmp_path)}#environment", "--conf", "spark.pyspark.python=./environment/bin/python",
            "--conf", f"spark.pyspark.driver.python={sys.executable}", "program.py",
            *["lake", "run", "events.ndjson", "--lake", "lake", "--account", "acme", "--engine", "spark"],
        ]  # fmt: skip
        variables = {name: value for name, value in environment(tmp_path).items() if name != "PYSPARK_PYTHON"}
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    # spark-submit prints both streams of the program to its own stdout.
    assert done.returncode == 0, done.stdout[-2000:]
    assert done.stdout.split()[-4:] == ["1", "0", "0", "0"]
