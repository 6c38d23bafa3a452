"""One program of a lab: started in a namespace, logged to a file, killed, stopped and continued by its pid alone."""

import os
import signal
import subprocess

from . import system


class Process:
    """Registered in the estate as long as it may live."""

    def __init__(self, estate, name, namespace, arguments):
        self.estate = estate
        self.name = name
        self.namespace = namespace
        self.arguments = arguments
        self.log = estate.directory / f"{name}.log"
        self.popen = None

    def start(self):
        arguments = system.inside(self.namespace, self.arguments)
        with system.signals_held(), open(self.log, "ab") as log:
            # The child gets a session of its own: a Ctrl-C at the terminal is ours to handle, and killing its group takes its children too.
            self.popen = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=_unblock_signals
            )
            self.estate.add_process(self.name, self.popen.pid)
        return self

    @property
    def pid(self):
        return self.popen.pid

    def runs(self):
        return self.popen is not None and self.popen.poll() is None

    def signal(self, number):
        if self.runs():
            os.killpg(self.pid, number)

    def kill(self):
        """kill -9, and until it is gone."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def stop(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def terminate(self, seconds=10):
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=10):
        if self.popen is None:
            return None
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise system.LabError(f"{self.name} did not end within {seconds} s") from None
        self.estate.forget_process(self.name)
        return code

    def require_running(self):
        if not self.runs():
            code = None if self.popen is None else self.popen.returncode
            raise system.LabError(f"{self.name} ended with {code}: {self.last_line()}")

    def last_line(self):
        try:
            lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        except OSError:
            lines = []
        return lines[-1] if lines else "it said nothing"


def _unblock_signals():
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
