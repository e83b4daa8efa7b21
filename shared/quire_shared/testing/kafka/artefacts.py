"""Kafka's jars, fetched once by Maven and kept in a cache folder named by Kafka's version."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

POM: Final = Path(__file__).with_name("pom.xml")
JAVA_NEEDED: Final = 17
"""Kafka 4 brokers need Java 17."""


class KafkaUnavailable(RuntimeError):
    """No Kafka for tests, with what to do about it in one sentence."""


def kafka_version() -> str:
    """Return the version of Kafka that the pom asks for."""
    match = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", POM.read_text())
    if match is None:
        raise KafkaUnavailable(f"{POM} does not name kafka.version.")
    return match[1]


def cache_folder() -> Path:
    """Return where the jars are kept: ``QUIRE_CACHE_DIR``, else ~/.cache/quire."""
    given = os.environ.get("QUIRE_CACHE_DIR")
    base = Path(given) if given else Path.home() / ".cache" / "quire"
    return base.absolute() / f"kafka-{kafka_version()}"


def java_version() -> int | None:
    """Return the major version of the Java on the PATH, None when there is none."""
    java = shutil.which("java")
    if java is None:
        return None
    told = subprocess.run([java, "-version"], check=False, capture_output=True, text=True)
    match = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return int(match[1]) if match and told.returncode == 0 else None


def fetch_jars() -> Path:
    """Return the folder of the jars; Maven fetches them when they are not in the cache yet.

    As root on Debian a missing Java or Maven is installed. Raises `KafkaUnavailable` when that is not possible.
    """
    folder = cache_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        jars_are_there = folder.exists()
        _need_tools(maven=not jars_are_there)
        if not jars_are_there:
            partial = Path(tempfile.mkdtemp(prefix="kafka-", dir=folder.parent))
            try:
                _copy_dependencies(partial)
                partial.rename(folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return folder


def _copy_dependencies(folder: Path) -> None:
    maven = shutil.which("mvn")
    assert maven is not None
    done = subprocess.run(
        [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 or not any(folder.glob("kafka_*.jar")):
        said = (done.stdout + done.stderr).strip()[-1500:]
        raise KafkaUnavailable(f"Maven could not fetch Apache Kafka {kafka_version()}; see its message:\n{said}")


def _need_tools(*, maven: bool) -> None:
    """Make sure of Java and, if jars are to be fetched, Maven."""
    missing = []
    java = java_version()
    if java is None or java < JAVA_NEEDED:
        missing.append("default-jdk-headless")
    if maven and shutil.which("mvn") is None:
        missing.append("maven")
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            done = subprocess.run(["apt-get", *arguments], check=False, capture_output=True, text=True, env=environment)
            if done.returncode != 0:
                raise KafkaUnavailable(f"apt-get could not install {' '.join(missing)}: {done.stderr.strip()[-500:]}")
        java = java_version()
    if java is None or java < JAVA_NEEDED:
        found = "none is installed" if java is None else f"this one is {java}"
        raise KafkaUnavailable(f"Apache Kafka needs Java {JAVA_NEEDED} or newer and {found}.")
    if maven and shutil.which("mvn") is None:
        raise KafkaUnavailable("Apache Kafka's jars are fetched by Maven, which is not installed.")
