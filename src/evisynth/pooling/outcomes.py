"""Log densities of counts in their linear predictor, with two derivatives."""

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.distributions import special
from evisynth.pooling.mixed import Outcome


def _log_choose(n: NDArray, x: NDArray) -> NDArray:
    log_gamma = special().gammaln
    return log_gamma(n + 1.0) - log_gamma(x + 1.0) - log_gamma(n - x + 1.0)


def binomial(events: NDArray, n: NDArray, offset: NDArray | float = 0.0) -> Outcome:
    """Return the binomial outcome of counts (k, J) with logit link; `offset` (k, J) is added to eta."""
    constant, events, n = _log_choose(n, events)[:, :, None], events[:, :, None], n[:, :, None]
    shift = np.asarray(offset)[:, :, None] if np.ndim(offset) else offset

    def outcome(eta: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        eta = eta + shift
        p = special().expit(eta)
        value = constant + events * eta - n * np.logaddexp(0.0, eta)
        return value, events - n * p, -n * p * special().expit(-eta)

    return outcome


def poisson(events: NDArray, time: NDArray) -> Outcome:
    """Return the Poisson outcome of counts (k, J) over person-time (k, J) with log link."""
    constant = special().gammaln(events + 1.0)[:, :, None]
    events, log_time = events[:, :, None], np.log(time)[:, :, None]

    def outcome(eta: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        mean = np.exp(np.minimum(eta + log_time, 700.0))
        return events * (eta + log_time) - mean - constant, events - mean, -mean

    return outcome


def hypergeometric(a: NDArray, n1: NDArray, c: NDArray, n2: NDArray) -> Outcome:
    """Return the non-central hypergeometric outcome of group 1's events (k,), margins fixed; eta is the log OR.

    The exact conditional likelihood of a 2 x 2 table: P(a) = C(n1, a) C(n2, m - a) e^(a eta) / sum over the
    support, m = a + c. Its derivatives are those of an exponential family: a - mean and - variance.
    """
    total = a + c
    low, high = np.maximum(0.0, total - n2), np.minimum(n1, total)
    supports = [np.arange(lo, hi + 0.5) for lo, hi in zip(low, high, strict=True)]
    logs = [
        _log_choose(np.asarray(n1[i]), s) + _log_choose(np.asarray(n2[i]), total[i] - s) for i, s in enumerate(supports)
    ]

    def outcome(eta: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        value, first, second = np.empty_like(eta), np.empty_like(eta), np.empty_like(eta)
        for i, (s, log_count) in enumerate(zip(supports, logs, strict=True)):
            # counted from the observed value, so that nothing large cancels
            from_a = s - a[i]
            exponent = log_count + from_a * eta[i, 0][:, None]
            top = exponent.max(axis=1, keepdims=True)
            share = np.exp(exponent - top)
            norm = share.sum(axis=1)
            own = log_count[round(a[i] - low[i])]
            value[i, 0] = own - top[:, 0] - np.log(norm)
            mean = share @ from_a / norm
            first[i, 0] = -mean
            second[i, 0] = -(share @ from_a**2 / norm - mean**2)
        return value, first, second

    return outcome
