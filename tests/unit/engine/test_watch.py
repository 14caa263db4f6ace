"""The watch over the workers: whether any is there, and what a quiet run waits for."""

import pytest

from storiform.engine.watch import Watch
from storiform.model.errors import RunError


def test_a_run_goes_on_while_others_than_the_usual_workers_work() -> None:
    watch = Watch(lambda client: int(str(client) == "other"), 2, 0.0)
    watch._seen -= 1  # noqa: SLF001  the usual workers were seen a second ago
    assert watch.look("usual", ["other"])  # type: ignore[arg-type,list-item]
    watch._seen -= 1  # noqa: SLF001
    with pytest.raises(RunError, match="found none"):
        watch.look("usual", ["another"])  # type: ignore[arg-type,list-item]


def test_what_ends_breaks_the_quiet_and_a_run_without_workers_tells_of_these(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("storiform.engine.watch.time.monotonic", lambda: clock[0])
    told: list[str] = []
    present = [1]
    watch = Watch(lambda _client: present[0], 2, 9e9, told.append)

    def after(seconds: float) -> list[str]:
        clock[0] += seconds
        watch.look("usual", (), lambda: [f"step of P{n}" for n in range(5)])  # type: ignore[arg-type]
        said = told.copy()
        told.clear()
        return said

    assert after(299) == []
    given = "workers have step of P0, step of P1, step of P2 and 2 more"
    assert after(3) == [f"nothing has ended for 5 minutes; {given}"]
    assert after(290) == []
    assert after(10) == [f"nothing has ended for 10 minutes; {given}"]
    watch.ended()
    assert after(299) == []
    present[0] = 0
    assert after(900) == []
