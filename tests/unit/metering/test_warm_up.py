"""The kernel loaded ahead of time."""

import subprocess
import sys

from botmeter.metering import kernel
from botmeter.metering.meter import load_kernel


def test_after_it_the_kernel_is_compiled_and_in_memory() -> None:
    load_kernel()
    assert kernel.segmented.signatures


def test_a_kept_kernel_is_loaded_without_what_compiling_needs_and_another_function_is_compiled_after_it() -> None:
    load_kernel()
    program = (
        "import sys; from botmeter.metering.meter import load_kernel; load_kernel();"
        "print('numba.np.linalg' in sys.modules);"
        "from numba import njit; import numpy as np;"
        "print(njit(lambda rows: np.cumsum(rows)[-1])(np.array([3.0, 4.0])))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert outcome.stdout == "False\n7.0\n"
