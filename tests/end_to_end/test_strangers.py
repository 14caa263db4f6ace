"""Other users of the machine reach the ports of a run, and must be turned away."""

import asyncio
from collections.abc import Callable
from typing import Any

import psutil
from distributed import Scheduler
from distributed.comm import connect
from distributed.security import Security
from trials import Process, Toy

Make = Callable[..., Toy]
Start = Callable[..., Process]
NOBODY = Security()  # type: ignore[no-untyped-call]


def ports(run: Process) -> dict[int, str]:
    """Return the ports at which a run and its workers wait for others, with the address."""
    tree = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
    found = [c.laddr for p in tree for c in p.net_connections("inet") if c.status == "LISTEN"]
    return {address.port: address.ip for address in found}


async def is_let_in(address: str, security: Security) -> bool:
    """Ask what listens there who it is, as Dask's clients begin."""
    given: Any = security.get_connection_args("client")  # type: ignore[no-untyped-call]
    try:
        comm = await connect(address, timeout=3, **given)
        await comm.write({"op": "identity", "reply": True})
        answer = await asyncio.wait_for(comm.read(), 5)
    except (OSError, TimeoutError):
        return False
    comm.abort()
    return "id" in answer


def test_strangers_are_not_let_into_a_run_of_this_machine(toy: Make, start: Start) -> None:
    trial = toy([1, 2, 3], settings="toy_workflow: {sleep_seconds: 60}\n")
    run = start("run", trial.config, "--workers", 1, "--quiet")
    run.wait_for_events(trial, 2)
    open_ports = ports(run)
    assert len(open_ports) >= 3, "scheduler, nanny and worker"
    assert set(open_ports.values()) == {"127.0.0.1"}
    stranger = Security.temporary()  # type: ignore[no-untyped-call]
    for port in open_ports:
        assert not asyncio.run(is_let_in(f"tcp://127.0.0.1:{port}", NOBODY))
        assert not asyncio.run(is_let_in(f"tls://127.0.0.1:{port}", stranger))
    assert run.poll() is None, "nor do they harm it"
    run.terminate()
    _, said = run.end()
    assert run.returncode == 143
    assert "Traceback" not in said


def test_where_nobody_guards_the_same_question_is_answered() -> None:
    async def asked() -> bool:
        async with Scheduler(host="127.0.0.1", port=0, dashboard_address=":0") as scheduler:  # type: ignore[no-untyped-call]
            return await is_let_in(scheduler.address, NOBODY)

    assert asyncio.run(asked())
