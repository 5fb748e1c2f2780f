"""What the drivers beside this file share: a `ser` process that ends with its task, and what it says when it fails."""

import os
import re
import shutil
import socket
import subprocess
import sys

from pyspark import cloudpickle


class SerFailed(RuntimeError):
    """`ser` did not end with exit code 0."""

    def __init__(self, message, code=1, stderr=""):
        super().__init__(message)
        self.code, self.stderr = code, stderr


def find(given=None):
    """The program: the given one, or that of --archives (unpacked as `ser`), of the wheel, or of PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "ser")
    places = [given] if given else ["ser/ser", "ser/bin/ser", beside, shutil.which("ser")]
    for place in places:
        if place and os.path.isfile(place) and os.access(place, os.X_OK):
            return os.path.abspath(place)
    looked = given or f"in ser/ and ser/bin/ of {os.getcwd()} (--archives), at {beside} (the wheel), on PATH"
    raise SerFailed(f"no program `ser` on host {socket.gethostname()}; looked for it: {looked}", 2)


def run(ser, arguments):
    """What `ser` prints; its log goes to stderr. The process ends before this function, and dies with the worker."""
    process = subprocess.Popen(
        [*dies_with_parent(), find(ser), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        stdout, stderr = process.communicate()
    finally:
        process.kill()
        process.wait()
    sys.stderr.write(stderr)
    if process.returncode == 0:
        return stdout
    code = process.returncode
    how = f"exit code {code}" if code > 0 else f"signal {-code}"
    # The words of a command are enough to find it in a log; a thousand paths are not.
    command = " ".join(["ser", *arguments[:2]])
    message = f"`{command} ...` on host {socket.gethostname()} ended with {how}: {last_words(stderr)}"
    raise SerFailed(message, code if code > 0 else 128 - code, stderr)


def dies_with_parent():
    """What to put before a command. A worker that is killed cannot end its process, but Linux can.

    Not a preexec_fn: it makes Popen fork, which is unsafe among the threads of Sail and of gRPC, and slow.
    """
    setpriv = ["setpriv", "--pdeathsig", "KILL"]
    has_it = shutil.which("setpriv") and subprocess.run([*setpriv, "true"], capture_output=True).returncode == 0
    return setpriv if has_it else []


def last_words(stderr):
    """The error and its hint, in one line."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    errors = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    said = lines[errors[-1] :] if errors else lines[-1:]
    return "; ".join(said) or "it printed nothing"


def absolute(place):
    """A place that means the same on all hosts and in all working directories."""
    place = re.sub(r"^s3[an]://", "s3://", place)
    return place if "://" in place or not place.strip() else os.path.abspath(place)


def ship(module):
    """Sends the functions of a module along with the job, so that no host needs its file."""
    cloudpickle.register_pickle_by_value(sys.modules[module])


def driver(main):
    """Runs a driver. If `ser` failed, here or in a task, prints why and passes its exit code on."""
    try:
        main(sys.argv[1:])
    except SerFailed as failed:
        sys.exit(complain(str(failed), failed.code))
    except Exception as error:
        told = re.search(r"SerFailed: (.*)", str(error))
        if not told:
            raise
        code = re.search(r"ended with exit code (\d+)", told[1])
        sys.exit(complain(f"a task failed: {told[1]}", int(code[1]) if code else 1))


def complain(message, code):
    print(f"error: {message}", file=sys.stderr)
    return code
