import asyncio

from kavita.agent.circuit import PROBE_SECONDS, Circuit, ProviderFailed
from tests.fakes.virtual_time import run_virtual


class Provider:
    """Fails its probes until it is well, and knows when it was probed."""

    def __init__(self, well_after: float = 0.0, retry_after: float | None = None) -> None:
        self.probes: list[float] = []
        self.circuit = Circuit("provider", self.probe)
        self._well_after = well_after
        self._retry_after = retry_after

    async def probe(self) -> None:
        now = asyncio.get_running_loop().time()
        self.probes.append(now)
        if now < self._well_after:
            raise ProviderFailed("timeout", self._retry_after)


def test_one_failure_does_not_open_it_and_two_in_a_row_do() -> None:
    async def fail_twice() -> list[bool]:
        circuit = Provider().circuit
        seen = [circuit.is_open]
        for _ in range(2):
            circuit.failed(ProviderFailed("timeout"))
            seen.append(circuit.is_open)
        await circuit.close()
        return [*seen, circuit.is_open]

    assert run_virtual(fail_twice()) == [False, False, True, False]


def test_two_failures_far_apart_or_with_a_success_between_do_not_open_it() -> None:
    async def fail_now_and_then() -> list[bool]:
        circuit = Provider().circuit
        circuit.failed(ProviderFailed("timeout"))
        await asyncio.sleep(31)
        circuit.failed(ProviderFailed("timeout"))
        far_apart = circuit.is_open
        circuit.succeeded()
        circuit.failed(ProviderFailed("timeout"))
        return [far_apart, circuit.is_open]

    assert run_virtual(fail_now_and_then()) == [False, False]


def test_a_failure_that_will_last_opens_it_at_once_and_a_probe_brings_the_provider_back() -> None:
    async def recover() -> tuple[list[float], list[bool]]:
        provider = Provider(well_after=40.0)
        provider.circuit.failed(ProviderFailed("bad_key", lasting=True))
        seen = []
        for _ in range(2):
            await asyncio.sleep(30)
            seen.append(provider.circuit.is_open)
        return provider.probes, seen

    probes, seen = run_virtual(recover())
    assert probes == [PROBE_SECONDS, 2 * PROBE_SECONDS, 3 * PROBE_SECONDS]
    assert seen == [True, False]


def test_a_provider_that_names_its_time_is_asked_then_and_not_before() -> None:
    async def wait() -> list[float]:
        provider = Provider(well_after=50.0, retry_after=7.0)
        provider.circuit.failed(ProviderFailed("too_many_requests", retry_after=45.0))
        await asyncio.sleep(60)
        return provider.probes

    assert run_virtual(wait()) == [45.0, 52.0]
