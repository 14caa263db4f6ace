"""Other users of the machine reach the ports of a run, and must be turned away."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil
from distributed import Scheduler
from trials import Process, Toy

Make = Callable[..., Toy]
Start = Callable[..., Process]
STRANGER = """
import asyncio, sys
from distributed.comm import connect
from distributed.security import Security

async def ask(address, security):
    comm = await connect(address, timeout=3, **security.get_connection_args("client"))
    await comm.write({"op": "identity", "reply": True})
    print("let in:", (await comm.read())["type"], flush=True)

for way, security in (("tcp", Security()), ("tls", Security.temporary())):
    try:
        asyncio.run(asyncio.wait_for(ask(f"{way}://127.0.0.1:{sys.argv[1]}", security), 5))
    except Exception as error:
        print(type(error).__name__, flush=True)
"""


def ports(run: Process) -> dict[int, str]:
    """Return the ports at which a run and its workers wait for others, with the address."""
    tree = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
    found = [c.laddr for p in tree for c in p.net_connections("inet") if c.status == "LISTEN"]
    return {address.port: address.ip for address in found}


def answers(places: Iterable[int]) -> str:
    """Ask what listens at each port who it is, as a client without a certificate of the run."""
    words = [sys.executable, "-c", STRANGER]
    asking = [
        subprocess.Popen([*words, str(port)], stdout=subprocess.PIPE, text=True)  # noqa: S603
        for port in places
    ]
    said = []
    for process in asking:
        with suppress(subprocess.TimeoutExpired):  # no answer at all is none
            process.wait(timeout=120)
        process.kill()
        said.append(process.communicate()[0])
    return "".join(said)


def test_strangers_are_not_let_into_a_run_of_this_machine(toy: Make, start: Start) -> None:
    trial = toy([1, 2, 3], "toy_workflow: {sleep_seconds: 60}\n")
    run = start("run", trial.config, "--workers", 1, "--quiet")
    run.wait_for_events(trial, 2)
    places = ports(run)
    assert len(places) >= 3, "scheduler, nanny and worker"
    assert set(places.values()) == {"127.0.0.1"}
    said = answers(places)
    assert "Error" in said, "they were asked"
    assert "let in" not in said
    assert run.poll() is None, "nor do they harm it"
    run.terminate()
    _, said = run.end()
    assert run.returncode == 143
    assert "Traceback" not in said


def test_where_nobody_guards_the_same_question_is_answered() -> None:
    async def asked() -> str:
        async with Scheduler(host="127.0.0.1", port=0, dashboard_address=":0") as scheduler:  # type: ignore[no-untyped-call]
            return await asyncio.to_thread(answers, [scheduler.port])

    assert "let in: Scheduler" in asyncio.run(asked())
