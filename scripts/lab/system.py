"""Running programs, waiting for things, and turning signals into one orderly end.

Knows nothing of clusters. Every failure is a LabError of one sentence.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NLB_BUILD", ROOT / "build"))
DATAPLANE = BUILD / "dataplane" / "nlb-dataplane"
CONTROLPLANE = BUILD / "controlplane" / "nlb-controlplane"
COMMAND = BUILD / "cli" / "nlb"

# Children must find ip, tcpdump and nginx also where a user's path lacks the administrator's directories.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"


class LabError(Exception):
    """Something a lab needs did not work; the text is one sentence for people."""


class Interrupted(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP arrived. Not an Exception: nothing but an orderly end may catch it."""


def inside(namespace, arguments):
    """The arguments, to be run in a namespace (None: where we are)."""
    arguments = [str(argument) for argument in arguments]
    return ["ip", "netns", "exec", namespace, *arguments] if namespace else arguments


def run(*arguments, namespace=None, text=None, timeout=30, check=True):
    """Runs a program to its end and returns what it printed."""
    try:
        done = subprocess.run(inside(namespace, arguments), input=text, capture_output=True, text=True, timeout=timeout)
    except FileNotFoundError as error:
        raise LabError(f"{error.filename} is not installed; run scripts/install") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(map(str, arguments))}` did not end within {timeout} s") from None
    if check and done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"`{' '.join(map(str, arguments))}` failed with {done.returncode}: {said[0] if said else 'it said nothing'}")
    return done.stdout


def wait_until(condition, seconds, what, interval=0.02):
    """Calls the condition until it holds and returns its value; LabError after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise LabError(f"{what} did not happen within {seconds:g} s")
        time.sleep(interval)


def require_root():
    if os.geteuid() != 0:
        raise LabError("labs make network namespaces: run this as root")


def require_binaries():
    for program in (DATAPLANE, CONTROLPLANE, COMMAND):
        if not os.access(program, os.X_OK):
            raise LabError(f"{program} is not built; run scripts/build")


def _interrupt(number, _frame):
    raise Interrupted(signal.Signals(number).name)


def raise_on_signals():
    """From now on a signal that asks us to end unwinds the stack, so that every `with` cleans up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


@contextlib.contextmanager
def signals_held():
    """Signals that ask us to end wait while the body runs: half a clean-up would be none."""
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    former = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
