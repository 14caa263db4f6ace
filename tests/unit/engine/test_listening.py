"""Who can reach the workers of a run: here nobody else, elsewhere whoever has its keys."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from distributed.comm import listen

from storiform.engine import cluster, jobs
from storiform.engine.sections import Executor
from storiform.model.errors import RunError

ADDRESSES = {"lo": ["127.0.0.1"], "ib0": ["fe80::1", "10.0.0.5"]}
NETWORKS = {
    name: [SimpleNamespace(address=address) for address in known]
    for name, known in ADDRESSES.items()
}


def listening() -> set[tuple[str, int]]:
    """Return address and port of all that this process and those it started listen on."""
    own = psutil.Process()
    return {
        (found.laddr.ip, found.laddr.port)
        for process in (own, *own.children(recursive=True))
        for found in process.net_connections(kind="inet")
        if found.status == psutil.CONN_LISTEN
    }


def test_a_local_run_listens_on_this_machine_alone() -> None:
    before = listening()
    with cluster._local(1, 1.0) as client:  # noqa: SLF001
        client.wait_for_workers(1, timeout=600)
        opened = listening() - before
    assert len(opened) >= 3  # scheduler, dashboard, worker
    assert {address for address, _ in opened} == {"127.0.0.1"}


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this machine a loopback and a network."""
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: NETWORKS)


@pytest.mark.usefixtures("networks")
def test_a_scheduler_of_jobs_does_without_tls_on_loopback_alone() -> None:
    of = {name: Executor(kind="slurm", interface=name, tls=False) for name in NETWORKS}
    with pytest.raises(RunError, match=r"executor.tls: found false, expected TLS"):
        jobs._host(of["ib0"])  # noqa: SLF001
    assert jobs._host(of["lo"]) == "127.0.0.1"  # noqa: SLF001
    assert jobs._host(of["ib0"].model_copy(update={"tls": True})) == "10.0.0.5"  # noqa: SLF001


def test_whoever_has_the_keys_of_a_run_listens_and_connects_by_tls_alone(
    tmp_path: Path,
) -> None:
    security = jobs._security(tmp_path)  # noqa: SLF001
    for role in ("scheduler", "worker"):
        with pytest.raises(RuntimeError, match="encryption required"):
            listen("tcp://127.0.0.1:0", print, **security.get_listen_args(role))
    modes = {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert modes == {0}
