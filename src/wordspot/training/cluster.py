"""The workers of a Dask scheduler as an executor: runs on other machines, and on others when those die."""

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager

from rich.console import Console

from wordspot.errors import UsageError, WordspotError

SECONDS = 10
"""For a scheduler to answer."""


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Yield an executor of the workers of the Dask scheduler at an address, and how many there are by now.

    A run whose worker dies is handed to another one. Raises UsageError where no scheduler answers or a worker
    has several threads, and WordspotError for a run that has killed several workers and for a lost scheduler.
    """
    try:
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as error:
        raise UsageError(f"executor: {error.name} is missing: pip install 'wordspot[cluster]'") from None
    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"executor: {address}: no Dask scheduler answers here ({reason})") from None
    with client:
        if not client.nthreads():
            Console(stderr=True).print(f"executor: waiting for workers of {address}")
            client.wait_for_workers(1)
        threads = client.nthreads().values()
        if max(threads) > 1:
            raise UsageError(
                f"executor: {address}: has a worker with {max(threads)} threads: start workers with "
                "--nthreads 1, one for each run at once"
            )
        executor = client.get_executor(pure=False)
        try:
            yield executor, len(threads)
        except KilledWorker as error:
            raise WordspotError(
                f"{error.last_worker.address}: died with a run that had ended {error.allowed_failures} other "
                "workers, perhaps out of memory: give workers more"
            ) from None
        except CancelledError:
            raise WordspotError(
                f"{address}: lost this scheduler: start it, and run the command again"
            ) from None
        finally:
            executor.shutdown(wait=False)
