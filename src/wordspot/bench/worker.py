"""Cases that run in a process of their own, when they are told to."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager


class Worker:
    """A process that waits for the name of a case, runs it, and says when it is done."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        self._to, self._from = process.stdin, process.stdout

    def start(self, case: str) -> None:
        """Start a case."""
        print(case, file=self._to, flush=True)

    def wait(self) -> None:
        """Wait until what was started is done. Raises RuntimeError where the process has ended."""
        if not self._from.readline():
            raise RuntimeError("a process of the benchmark has ended: see its message above")

    def run(self, case: str) -> None:
        """Run a case to its end."""
        self.start(case)
        self.wait()

    def close(self) -> None:
        """Let the process end."""
        self._to.close()


@contextmanager
def worker(module: str, arguments: Sequence[str]) -> Iterator[Worker]:
    """Start a process with the cases that `cases(*arguments)` of a module gives."""
    work = (
        f"import sys; from {module} import cases; from {__name__} import serve; serve(cases(*sys.argv[1:]))"
    )
    command = [sys.executable, "-c", work, *arguments]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        started = Worker(process)
        try:
            started.wait()
            yield started
        finally:
            started.close()


def serve(cases: Mapping[str, Callable[[], object]]) -> None:
    """Run the cases that standard input names, one a line, and answer each with a line."""
    print("ready", flush=True)
    for line in sys.stdin:
        cases[line.strip()]()
        print("done", flush=True)
