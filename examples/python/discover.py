"""Lists the instances that are alive now, one line of JSON each: python3 discover.py [NAME]

Reads and changes nothing. Files that are no entries are named on stderr and left alone. The format, and the reason for
each step: docs/format.md.
"""

import json
import os
import re
import socket
import stat
import sys
import time
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


def look(pid):
    """What is at a pid: "there" with its start time, "gone", or "hidden" where neither can be told."""
    try:
        if os.readlink("/proc/self") != str(os.getpid()):
            raise OSError("/proc shows the pids of another namespace")
        state, start = stat_of(f"{pid:d}")
        is_process = f"\nTgid:\t{pid}\n" in Path("/proc", str(pid), "status").read_text("latin-1")
        return ("there" if is_process and state not in "ZX" else "gone"), start
    except OSError:
        # Not Linux, or no such process, or one that is hidden from us: ask the kernel itself.
        pass
    if os.name == "posix":  # On Windows os.kill(pid, 0) is no question: it sends Ctrl-C.
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return "gone", None
        except PermissionError:
            pass  # There is one, and it is another user's.
    return "hidden", None


def is_alive(entry, renewed):
    process, is_fresh = entry["process"], (time.time() - renewed) * 1_000 <= entry.get("ttl", 45_000)
    if process.get("machine") != ME["machine"]:
        return is_fresh
    if "boot" in ME and process.get("boot") != ME["boot"]:
        return is_fresh and ("boot" not in process or process.get("host") != ME["host"])
    if any(process.get(field) != ME.get(field) for field in ("pidNamespace", "timeNamespace")):
        return is_fresh
    found, start = look(process["pid"])
    if found == "gone":
        return False
    if start is None or not re.fullmatch("[0-9]+", process.get("start", "")):
        return is_fresh
    return start == process["start"]


def open_entry(path, flags):
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def is_too_deep(value, left=32):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return children is not None and (left == 0 or any(is_too_deep(child, left - 1) for child in children))


def parse(text, id):
    """An entry, checked as far as this program relies on it. The JSON Schema says all there is to check."""
    if len(text) > 65_536:
        raise ValueError("is larger than an entry may be")
    entry = json.loads(text.decode("utf-8"))
    if entry["format"] != 1:
        raise ValueError("is of another format; it is left alone")
    if entry["id"] != id or not re.fullmatch(re.escape(entry["name"]) + "-[0-9a-z]{26}", id):
        raise ValueError("says another id than its file name, or one that is none")
    if not 1 <= entry["process"]["pid"] <= 4_194_304 or is_too_deep(entry):
        raise ValueError("is not as an entry should be")
    json.dumps(entry, allow_nan=False)  # Python also reads NaN, which is not JSON.
    return entry


def read(path):
    """An entry, and the time of its last heartbeat."""
    with open(path, "rb", opener=open_entry) as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1 or info.st_uid != ME.get("uid", info.st_uid):
            raise ValueError("is not a file of this user alone")
        text = file.read(65_537)
    return parse(text, path.stem), info.st_mtime


def discover(name=None):
    """The instances that are alive, or those of one name."""
    try:
        guard(0o022)
        names = os.listdir(FOLDER)
    except FileNotFoundError:
        return  # Nobody has registered yet. Any other failure is one, and not an empty list.
    for path in [FOLDER / file for file in names if file.endswith(".json") and not file.startswith(".")]:
        try:
            entry, renewed = read(path)
            if name in (None, entry["name"]) and is_alive(entry, renewed):
                yield entry
        except Exception as error:  # Broken, newer, or gone by now: one file never hides the others.
            print(f"{path.name!r}: {error}", file=sys.stderr)


def hide(node):
    """Secrets are for connecting, not for showing."""
    return {**node, "value": "[secret]"} if node.get("isSecret") else node


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    for instance in discover(*sys.argv[1:]):
        # json.dumps escapes all that could move a terminal's cursor.
        print(json.dumps(json.loads(json.dumps(instance), object_hook=hide)))
