"""Quadrature over tau: one vectorised rule that places its own nodes, for many posteriors at once.

The variable is changed twice. First to the whole real line, s = ln(tau), or s = logit(tau / upper) where the prior
ends at `upper`; then to t by s = centre + 1.5 width sinh(t / 1.5), with centre and width taken from the posterior.
In t the integrand is analytic near the real axis and falls faster than exponentially at both ends, so the trapezoidal
rule converges geometrically in 1/step, and so does Stenger's sinc rule for the distribution function. All logarithms
are relative, so the unit of measurement doesn't matter.

References
----------
Trefethen LN, Weideman JAC. The exponentially convergent trapezoidal rule. SIAM Review 2014;56:385-458.
Stenger F. Numerical methods based on sinc and analytic functions. Springer 1993, section 3.6 (indefinite integration).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from evisynth.bayes.families import Array

LogTarget = Callable[[Array], Array]

S_LIMIT = 340.0  # |ln tau|: tau**2 must stay a finite double
DROP = 26.0  # natural-log units below the maximum at which the integrand is cut: exp(-26) = 5e-12
STRETCH = 1.5  # the a of s = centre + a width sinh(t / a): among 1, 1.5, 2 and 3 this needs the fewest nodes
_COARSE = 41
_WINDOW = 33
_PASSES = 4


@dataclass(frozen=True)
class TauGrid:
    """Nodes over tau for m posteriors.

    Attributes
    ----------
    centre, width, upper, first, step : array (m,)
        The change of variable, the end of the support, the first node t and the spacing in t.
    tau : array (m, n)
        Nodes.
    log_slope : array (m, n)
        ln(d tau / d t) at the nodes.
    probability : array (m, n)
        Posterior probability carried by each node (rows sum to 1).
    log_integral : array (m,)
        ln of the integral of the target over tau.
    tail : array (m,)
        Estimated probability beyond the two end nodes.
    """

    centre: Array
    width: Array
    upper: Array
    first: Array
    step: Array
    tau: Array
    log_slope: Array
    probability: Array
    log_integral: Array
    tail: Array

    def take(self, rows: Array) -> "TauGrid":
        """The same for some rows."""
        return TauGrid(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def at(self, t: Array) -> tuple[Array, Array]:
        """Tau and ln(d tau / d t) at t of shape (m, p)."""
        return _change(t, self.centre[:, None], self.width[:, None], self.upper[:, None])

    def t_of(self, tau: Array) -> Array:
        """The t that belongs to tau of shape (m, p); 0 and the upper end give infinities."""
        upper = self.upper[:, None]
        finite = np.isfinite(upper)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_tau = np.log(np.clip(tau, 0, None))
            ratio = np.where(finite, tau / np.where(finite, upper, 1.0), 0.0)
            s = np.where(finite, np.where(ratio >= 1, np.inf, special.logit(np.clip(ratio, 0, 1))), log_tau)
            return STRETCH * np.arcsinh((s - self.centre[:, None]) / (STRETCH * self.width[:, None]))

    def cdf(self, t: Array) -> Array:
        """Distribution function of tau at t (m, p), by sinc indefinite integration."""
        x = (t - self.first[:, None]) / self.step[:, None]
        inside = np.clip(x, -1.0, self.tau.shape[1])
        si = special.sici(np.pi * (inside[:, :, None] - np.arange(self.tau.shape[1])))[0]
        value = np.einsum("mn,mpn->mp", self.probability, 0.5 + si / np.pi)
        return np.clip(np.where(x < -1, 0.0, np.where(x > self.tau.shape[1], 1.0, value)), 0.0, 1.0)

    def cdf_at_nodes(self) -> Array:
        """Distribution function of tau at the nodes, (m, n): the sinc rule as one matrix product."""
        return self.probability @ _sinc_matrix(self.tau.shape[1])

    def density_in_t(self, t: Array) -> Array:
        """Posterior density per unit of t at t (m, p), by sinc interpolation of the nodes.

        sin(pi (x - j)) = (-1)**j sin(pi x), so a single sine serves all nodes.
        """
        n = self.tau.shape[1]
        x = (t - self.first[:, None]) / self.step[:, None]
        nearest = np.rint(x)
        on_node = np.abs(x - nearest) < 1e-9
        safe = np.where(on_node, nearest + 0.5, x)
        weight = self.probability * np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
        total = np.einsum("mn,mpn->mp", weight, 1 / (safe[:, :, None] - np.arange(n)))
        value = np.sin(np.pi * safe) / np.pi * total
        index = np.clip(nearest, 0, n - 1).astype(int)
        value = np.where(on_node, np.take_along_axis(self.probability, index, axis=1), value)
        return np.clip(value / self.step[:, None], 1e-300, None)


@cache
def _sinc_matrix(n: int) -> Array:
    difference = np.arange(n)[None, :] - np.arange(n)[:, None]
    return 0.5 + special.sici(np.pi * difference)[0] / np.pi


def build(
    log_target: LogTarget,
    start: Array,
    upper: Array,
    moment: Array,
    nodes: int,
    rough: LogTarget | None = None,
) -> TauGrid:
    """Place `nodes` nodes for every row of `log_target` and integrate.

    Parameters
    ----------
    log_target : callable
        ``log_target(tau)`` with tau (m, n) gives the log of prior x likelihood as a density of tau, (m, n).
    start : array (m,)
        A tau of the right order of magnitude (the square root of a typical sampling variance).
    upper : array (m,)
        End of the support of tau; ``inf`` if there is none.
    moment : array (m,)
        The tails are kept long enough for E(tau**moment).
    nodes : int
        Number of nodes, at least 16.
    rough : callable, optional
        A cheaper stand-in for `log_target`, used only to find where the mass is.
    """
    low, high, centre, width = _locate(rough or log_target, start, upper, moment)
    t_low = STRETCH * np.arcsinh((low - centre) / (STRETCH * width))
    t_high = STRETCH * np.arcsinh((high - centre) / (STRETCH * width))
    step = (t_high - t_low) / (nodes - 1)
    t = t_low[:, None] + step[:, None] * np.arange(nodes)
    tau, log_slope = _change(t, centre[:, None], width[:, None], upper[:, None])
    log_g = log_target(tau) + log_slope
    peak = np.max(log_g, axis=1)
    g = np.exp(log_g - peak[:, None])
    total = g.sum(axis=1)
    return TauGrid(
        centre=centre,
        width=width,
        upper=upper,
        first=t_low,
        step=step,
        tau=tau,
        log_slope=log_slope,
        probability=g / total[:, None],
        log_integral=peak + np.log(total) + np.log(step),
        tail=_tail(g) / total,
    )


def spectral_error(probability: Array) -> Array:
    """Bound on the sinc error of the distribution function of tau, (m,).

    That error is made of the integrand's Fourier transform beyond the frequency pi / step; its size at 0.9 of that
    frequency, where the phase can't hide it, is taken for the whole.
    """
    nodes = np.arange(probability.shape[1])
    waves = np.exp(1j * np.pi * np.array([0.9, 1.0])[:, None] * nodes)
    return np.abs(probability @ waves.T).max(axis=1)


def half_grid_error(probability: Array, values: Array) -> Array:
    """Change of an expectation when every second node is left out, (m,).

    The error with all nodes is about the square of this, so this itself is a cautious bound.

    Parameters
    ----------
    probability, values : array (m, n)
        Probabilities and the integrand at the nodes.
    """
    sign = np.where(np.arange(probability.shape[1]) % 2 == 0, 1.0, -1.0)
    return np.abs(np.sum(probability * sign * values, axis=1))


def _change(t: Array, centre: Array, width: Array, upper: Array) -> tuple[Array, Array]:
    inner = np.clip(t, -60, 60) / STRETCH
    s = np.clip(centre + STRETCH * width * np.sinh(inner), -2 * S_LIMIT, 2 * S_LIMIT)
    tau, log_slope = _tau_of(s, upper)
    return tau, log_slope + np.log(width) + np.log(np.cosh(inner))


def _tau_of(s: Array, upper: Array) -> tuple[Array, Array]:
    """Tau and ln(d tau / d s)."""
    if not np.any(np.isfinite(upper)):
        return np.exp(np.clip(s, None, S_LIMIT)), s
    finite = np.isfinite(upper)
    log_upper = np.log(np.where(finite, upper, 1.0))
    bounded = log_upper + special.log_expit(s)
    with np.errstate(over="ignore"):
        tau = np.where(finite, np.exp(bounded), np.exp(np.clip(s, None, S_LIMIT)))
    return tau, np.where(finite, bounded + special.log_expit(-s), s)


def _locate(log_target: LogTarget, start: Array, upper: Array, moment: Array) -> tuple[Array, Array, Array, Array]:
    """Where the posterior lives on the s axis: low, high, mean, standard deviation.

    Starts from a grid that spans every representable tau and narrows the window to the part within `DROP` of the
    maximum; a second, separate mode stays inside the window.
    """
    finite = np.isfinite(upper)
    ratio = np.clip(start / np.where(finite, upper, 1.0), 1e-100, 0.5)
    origin = np.where(finite, special.logit(ratio), np.log(start))
    reach = 2 * np.arcsinh(S_LIMIT / 2)
    s = origin[:, None] + 2 * np.sinh(np.linspace(-reach, reach, _COARSE) / 2)
    s = np.clip(s, -S_LIMIT, S_LIMIT)
    for _ in range(_PASSES):
        log_g, kept = _profile(log_target, s, upper, moment)
        low, high = _window(s, kept)
        s = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _WINDOW)
    log_g, kept = _profile(log_target, s, upper, moment)
    g = np.exp(log_g - log_g.max(axis=1, keepdims=True))
    g /= g.sum(axis=1, keepdims=True)
    mean = np.sum(g * s, axis=1)
    spacing = (high - low) / (_WINDOW - 1)
    sd = np.sqrt(np.sum(g * (s - mean[:, None]) ** 2, axis=1) + (0.3 * spacing) ** 2)
    low, high = _window(s, kept)
    return low, high, mean, np.clip(sd, 1e-6, 1.5)


def _profile(log_target: LogTarget, s: Array, upper: Array, moment: Array) -> tuple[Array, Array]:
    """Log integrand per unit of s, and which points matter for the mass or for E(tau**moment)."""
    tau, log_slope = _tau_of(s, upper[:, None])
    log_g = log_target(tau) + log_slope
    with np.errstate(divide="ignore"):
        weighted = log_g + moment[:, None] * np.log(tau)
    kept = log_g > log_g.max(axis=1, keepdims=True) - DROP
    kept |= weighted > weighted.max(axis=1, keepdims=True) - DROP
    return log_g, kept


def _window(s: Array, kept: Array) -> tuple[Array, Array]:
    rows, n = np.arange(len(s)), s.shape[1]
    first = np.maximum(np.argmax(kept, axis=1) - 1, 0)
    last = np.minimum(n - np.argmax(kept[:, ::-1], axis=1), n - 1)
    return s[rows, first], s[rows, last]


def _tail(g: Array) -> Array:
    """What lies beyond the ends, in units of the step, taking each end to fall as it does over its last two nodes."""
    total = np.zeros(len(g))
    for end, inner in ((0, 1), (-1, -2)):
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.log(g[:, inner] / g[:, end])
        total += np.where(
            g[:, end] > 0, g[:, end] / np.clip(np.nan_to_num(rate, nan=1.0, posinf=50.0), 0.02, 50.0), 0.0
        )
    return total
