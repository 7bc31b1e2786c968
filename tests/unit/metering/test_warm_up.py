"""The kernel loaded ahead of time."""

from botmeter.metering import kernel
from botmeter.metering.meter import load_kernel


def test_after_it_the_kernel_is_compiled_and_in_memory() -> None:
    load_kernel()
    assert kernel.segmented.signatures
