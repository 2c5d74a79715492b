"""Registers a server that is listening already: python3 register.py NAME URL [TTL]

Prints the id of its entry, renews the entry every third of TTL (in ms; 45000 unless given), and takes it away at the
end. SIGTERM and SIGINT are an end, too. The format, and the reason for each step: docs/format.md.
"""

import json
import os
import re
import secrets
import signal
import socket
import stat
import sys
import time
from datetime import datetime, timezone
from pathlib import Path


def folder():
    """The folder of the entries."""
    if os.environ.get("ROLLCALL_DIR"):
        data = Path(os.environ["ROLLCALL_DIR"])
    elif sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local", "rollcall", "Data")
    elif sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support" / "rollcall"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "rollcall")
    if not data.is_absolute():
        raise ValueError(f"The folder of the registry must be an absolute path, and {str(data)!r} is not.")
    return data / "v1"


FOLDER = folder()


def stat_of(process):
    """State and start time from /proc. The name in parentheses may hold parentheses: count from the last one."""
    fields = Path("/proc", process, "stat").read_text("latin-1").rpartition(")")[2].split()
    return fields[0], fields[19]


def ask(question):
    """The answer, or None where the system has none."""
    try:
        return question() or None
    except OSError:
        return None


def identify():
    """Who this process is. What cannot be told is left out."""
    host = socket.gethostname()
    me = {"machine": host, "host": host}
    if sys.platform == "linux":
        me["machine"] = ask(lambda: Path("/etc/machine-id").read_text().strip()) or host
        me["start"] = ask(lambda: stat_of("self")[1])
        me["boot"] = ask(lambda: Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        me["pidNamespace"] = ask(lambda: str(os.stat("/proc/self/ns/pid").st_ino))
        me["timeNamespace"] = ask(lambda: str(os.stat("/proc/self/ns/time").st_ino))
    me = {field: value for field, value in me.items() if value is not None}
    return {"pid": os.getpid(), **me, **({"uid": os.getuid()} if hasattr(os, "getuid") else {})}


ME = identify()


def guard(forbidden):
    """Refuses the folder unless it is a real one, this user's, and closed to others."""
    info = os.lstat(FOLDER)
    is_own = stat.S_ISDIR(info.st_mode) and info.st_uid == ME.get("uid") and not info.st_mode & forbidden
    if not is_own and os.name == "posix":
        raise PermissionError(f"{FOLDER} is not a folder of this user alone.")


def prepare():
    for path in (FOLDER.parent, FOLDER, FOLDER / ".drafts"):
        os.makedirs(path, 0o700, exist_ok=True)
    guard(0o077)


def describe(name, endpoints, ttl=45_000):
    """The entry of this process."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?", name):
        raise ValueError(f"{name!r} cannot be a name.")
    random = "".join(secrets.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(26))
    entry = {"format": 1, "id": f"{name}-{random}", "name": name, "endpoints": endpoints, "process": ME}
    return {**entry, "cwd": os.getcwd(), "registeredAt": datetime.now(timezone.utc).isoformat(), "ttl": ttl}


def write(entry):
    """Puts the entry there in one step: nobody ever sees a part of it, and no other user can open it."""
    prepare()
    name = f"{entry['id']}.json"
    draft = FOLDER / ".drafts" / f"{name}.{secrets.token_hex(6)}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(entry, file, allow_nan=False)
    os.replace(draft, FOLDER / name)


def renew(entry):
    """The heartbeat: a new time for the file, never a new text. An entry that has vanished is put back."""
    try:
        os.utime(FOLDER / f"{entry['id']}.json")
    except FileNotFoundError:
        write(entry)


def remove(entry):
    (FOLDER / f"{entry['id']}.json").unlink(missing_ok=True)


def stop(*_):
    """Ends the program by way of its `finally`, which no second signal is to interrupt."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def main(name, url, ttl="45000"):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    entry = describe(name, [{"type": "http", "url": url}], int(ttl))
    try:
        write(entry)
        print(entry["id"], flush=True)
        while True:
            time.sleep(entry["ttl"] / 3_000)
            try:
                renew(entry)
            except OSError as error:
                # The disk is full, say. That is no reason for a server to end.
                print(error, file=sys.stderr)
    finally:
        remove(entry)


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
