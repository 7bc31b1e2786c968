"""Number of Hypothesis examples by profile: `fast` (make test), `laws` (make laws), `deep`."""

import os

from hypothesis import HealthCheck, Phase, settings

_FEWEST = 2
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


def load_profile() -> None:
    """Load HYPOTHESIS_PROFILE, `fast` if unset."""
    # No deadline: a busy machine must fail no test.
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    # The same examples in each run, so that results don't depend on luck.
    settings.register_profile("fast", patient, max_examples=8, derandomize=True)
    settings.register_profile("laws", patient, max_examples=240, print_blob=True)
    settings.register_profile("deep", patient, max_examples=3_000, print_blob=True)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def examples(*, cost: int = 1, shrinks: bool = True) -> settings:
    """Settings for examples that take `cost` times as long as most.

    Args:
        cost: Divides the number of examples; at least two remain.
        shrinks: False where shrinking takes minutes.
    """
    count = max(_FEWEST, settings().max_examples // cost)
    return settings(max_examples=count) if shrinks else settings(max_examples=count, phases=_PHASES)
