"""What the benchmarks share: a process that is measured, and means."""

import math
import os
import subprocess
import tempfile
import time


class Run:
    """A finished process: its output, seconds of processor time and of elapsed time, and peak memory in MiB."""

    def __init__(self, command, environment):
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
            begin = time.monotonic()
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=messages, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            self.elapsed = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            messages.seek(0)
            self.output = output.read()
            self.messages = messages.read().decode("utf-8", "replace")
        self.status = process.returncode
        self.seconds = usage.ru_utime + usage.ru_stime
        self.mebibytes = usage.ru_maxrss / 1024


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None
