"""The answer of `evisynth pool` for a person at a terminal, forest plot included."""

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evisynth.effects.measures import find_measure
from evisynth.pooling.distributions import normal_quantile

if TYPE_CHECKING:
    from evisynth.commands.pool import Answer

# widths in characters: names are cut, the plot takes what is left of the line
_NAME, _NUMBERS = 24, 38
_CI = {
    "wald": "Wald",
    "HKSJ": "Hartung-Knapp",
    "HKSJ-safe": "Hartung-Knapp with max(1, q)",
    "profile": "profile likelihood",
    "HC": "Henmi and Copas",
}
_PI = {"t": "t with k - 1 degrees of freedom", "riley": "t with k - 2 degrees of freedom", "normal": "normal"}


def number(value: float | None, digits: int = 2) -> str:
    """Return `value` for reading: `digits` decimals, or as many significant digits where it is small."""
    if value is None:
        return "not available"
    if value != 0 and abs(value) < 0.1**digits:
        return f"{value:.{digits}g}"
    return f"{value:.{digits}f}" if abs(value) < 1e5 else f"{value:.4g}"


def p_value(p: float | None) -> str:
    """Return a p value for reading."""
    if p is None:
        return "p not available"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


class _Scale:
    """From the analysis scale to what readers see, and to a column of the plot."""

    def __init__(self, answer: "Answer", width: int = 80) -> None:
        longest = max((len(name) for name in answer.effects.study), default=0)
        self.width = max(width - max(min(longest, _NAME), len("Prediction")) - _NUMBERS, 15)
        self.measure = find_measure(answer.effects.measure)
        self.sizes = None
        if self.measure.name == "PFT":
            cells = answer.table["n"]
            self.sizes = np.array([float(cells[i]) for i in answer.effects.row])
        limits = [self.measure.null] if self.measure.null is not None else []
        z = normal_quantile(0.5 + answer.result.level / 2.0)
        half = z * np.sqrt(answer.effects.vi)
        low, high = answer.effects.yi - half, answer.effects.yi + half
        if low.size:
            # one very imprecise study may not squeeze the others: it gets an arrow
            limits += [float(np.quantile(low, 0.1)), float(np.quantile(high, 0.9))]
            limits += [float(x) for x in answer.effects.yi]
        limits += [x for x in (answer.result.pi_low, answer.result.pi_high) if x is not None]
        limits += [x for x in (answer.result.ci_low, answer.result.ci_high) if x is not None]
        self.low, self.high = (min(limits), max(limits)) if limits else (0.0, 1.0)
        if self.low == self.high:
            self.low, self.high = self.low - 1.0, self.high + 1.0

    def shown(self, y: float | None, row: int | None = None) -> str:
        if y is None:
            return "not available"
        size = None
        if self.sizes is not None and self.sizes.size:
            size = self.sizes[row] if row is not None else 1.0 / np.mean(1.0 / self.sizes)
        return number(float(self.measure.back(y, size)))

    def column(self, y: float) -> int:
        return round((y - self.low) / (self.high - self.low) * (self.width - 1))

    def bar(self, y: float, low: float, high: float, mark: str, line: str) -> Text:
        cells = [" "] * self.width
        if self.measure.null is not None and 0 <= self.column(self.measure.null) < self.width:
            cells[self.column(self.measure.null)] = "┊"
        first, last = self.column(low), self.column(high)
        for j in range(max(first, 0), min(last, self.width - 1) + 1):
            cells[j] = line
        if first < 0:
            cells[0] = "◂"
        if last >= self.width:
            cells[-1] = "▸"
        cells[min(max(self.column(y), 0), self.width - 1)] = mark
        return Text("".join(cells), no_wrap=True)


def show(answer: "Answer", console: Console | None = None) -> None:
    """Print effects, pooled result, heterogeneity and everything a reader must know about them."""
    console = console or Console(highlight=False, soft_wrap=False)
    result, effects = answer.result, answer.effects
    words = find_measure(effects.measure).long_name
    console.print(f"{words[0].upper()}{words[1:]}, {_plural(result.k)}, {_model(answer)}", style="bold")
    console.print(_forest(answer, console.width))
    for line in _heterogeneity(answer):
        console.print(line)
    if result.reason:
        console.print(f"Note: {result.reason}.")
    for study, reason in effects.left_out:
        console.print(f"Left out: {study}: {reason}.")
    if answer.regression is not None:
        _show_regression(answer, console)
    for name in ("mh", "peto"):
        if answer.extra.get(name):
            console.print(_other(name, answer.extra[name], _Scale(answer)))
    if answer.extra:
        _show_series(answer, console)


def _plural(k: int) -> str:
    return f"{k} study" if k == 1 else f"{k} studies"


def _model(answer: "Answer") -> str:
    if answer.result.model == "common":
        return "common effect (inverse variance)"
    return f"random effects ({answer.result.tau2_method})"


def _forest(answer: "Answer", width: int) -> Table:
    scale, result, effects = _Scale(answer, width), answer.result, answer.effects
    per_cent = f"{100 * result.level:g} %"
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("Study", no_wrap=True)
    table.add_column("", width=scale.width, no_wrap=True)
    table.add_column(f"Effect [{per_cent} interval]".replace("[", "\\["), justify="right", no_wrap=True)
    table.add_column("Weight %", justify="right", no_wrap=True)
    half = normal_quantile(0.5 + result.level / 2.0) * np.sqrt(effects.vi)
    for i, study in enumerate(effects.study):
        y, low, high = effects.yi[i], effects.yi[i] - half[i], effects.yi[i] + half[i]
        text = Text(f"{scale.shown(y, i)} [{scale.shown(low, i)}, {scale.shown(high, i)}]")
        name = study if len(study) <= _NAME else study[: _NAME - 1] + "…"
        table.add_row(Text(name), scale.bar(y, low, high, "■", "─"), text, f"{result.weights[i]:.1f}")
    if result.estimate is not None:
        y, low, high = result.estimate, result.ci_low, result.ci_high
        text = Text(f"{scale.shown(y)} [{scale.shown(low)}, {scale.shown(high)}]", style="bold")
        table.add_row(Text("Pooled", style="bold"), scale.bar(y, low, high, "◆", "═"), text, "")
    if result.pi_low is not None:
        y, low, high = result.estimate, result.pi_low, result.pi_high
        text = Text(f"[{scale.shown(low)}, {scale.shown(high)}]")
        table.add_row(Text("Prediction"), scale.bar(y, low, high, "◇", "┄"), text, "")
    return table


def _heterogeneity(answer: "Answer") -> list[str]:
    result = answer.result
    lines = []
    if result.estimate is not None:
        how = _CI["wald"] if result.k == 1 else _CI[result.ci_method]
        null = find_measure(answer.effects.measure).null
        test = f"; {p_value(result.p)}" if null is not None else ""
        prediction = f"; prediction interval: {_PI[result.pi_method]}" if result.pi_low is not None else ""
        lines.append(f"Interval: {how}{test}{prediction}.")
    if result.tau2 is not None and result.model == "random":
        interval = f"{result.tau2_ci_low:.4g} to {result.tau2_ci_high:.4g}"
        if result.tau2_ci_empty:
            interval = "empty: the effects differ less than chance alone would have them differ"
        edge = " (on the boundary)" if result.boundary else ""
        lines.append(
            f"Heterogeneity: tau2 {result.tau2:.4g}{edge}, Q-profile interval {interval}; I2 {result.i2:.1f} %."
        )
    if result.q is not None:
        lines.append(f"Q {result.q:.2f} on {result.q_df:g} degrees of freedom, {p_value(result.q_p)}.")
    rules = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in answer.effects.rules.items())
    if rules:
        lines.append(f"Rules: {rules}.")
    return lines


def _show_regression(answer: "Answer", console: Console) -> None:
    r = answer.regression
    console.print(f"Meta-regression on {answer.options.moderators} (analysis scale)", style="bold")
    table = Table(box=None, pad_edge=False)
    for name in ("Term", "Coefficient", "SE", "Low", "High", "p"):
        table.add_column(name, justify="left" if name == "Term" else "right")
    for i, term in enumerate(r.terms):
        row = (f"{x:.4f}" for x in (r.estimate[i], r.se[i], r.ci_low[i], r.ci_high[i]))
        table.add_row(Text(term), *row, p_value(float(r.p[i])).removeprefix("p ").removeprefix("= "))
    console.print(table)
    explained = "" if r.r2 is None else f"; R2 {r.r2:.1f} %"
    console.print(
        f"Residual tau2 {r.tau2:.4g}, I2 {r.i2:.1f} %{explained}; QE {r.qe:.2f} on {r.qe_df}, {p_value(r.qe_p)}."
    )
    if r.qm is not None:
        kind = (
            f"QM {r.qm:.2f} on {r.qm_df}"
            if r.qm_df_residual is None
            else f"F {r.qm:.2f} on {r.qm_df} and {r.qm_df_residual}"
        )
        console.print(f"Test of the moderators: {kind} degrees of freedom, {p_value(r.qm_p)}.")


def _other(name: str, result: dict[str, Any], scale: _Scale) -> str:
    title = {"mh": f"Mantel-Haenszel ({result['measure']})", "peto": "Peto (OR)"}[name]
    if result["estimate"] is None:
        return f"{title}: {result['reason']}."
    back = find_measure(result["measure"]).back
    y, low, high = (number(float(back(result[x]))) for x in ("estimate", "ci_low", "ci_high"))
    return f"{title}: {y} \\[{low}, {high}], {p_value(result['p'])}."


def _show_series(answer: "Answer", console: Console) -> None:
    scale = _Scale(answer)
    for title, rows in (
        ("Other estimators of tau2", [({"study": n} | r) for n, r in answer.extra["estimators"].items()]),
        ("Without one study", answer.extra["leave_one_out"]),
    ):
        table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
        for name in ("", "Effect", "Low", "High", "tau2"):
            table.add_column(name, justify="left" if not name else "right")
        for row in rows:
            shown = (scale.shown(row[name]) for name in ("estimate", "ci_low", "ci_high"))
            table.add_row(Text(row["study"]), *shown, "" if row["tau2"] is None else f"{row['tau2']:.4g}")
        console.print(table)
    for line in _small_studies(answer, scale):
        console.print(line)


def _small_studies(answer: "Answer", scale: _Scale) -> list[str]:
    extra = answer.extra
    egger, begg, filled, chosen = (extra[name] for name in ("egger", "begg", "trimfill", "selection"))
    lines = []
    for title, result, words in (
        ("Egger's test", egger, lambda r: f"t {r['t']:.2f} on {r['df']}, {p_value(r['p'])}"),
        ("Begg's test", begg, lambda r: f"tau {r['tau']:.2f}, {p_value(r['p'])}"),
        ("Trim and fill", filled, lambda r: f"{r['k0']} filled on the {r['side']}, {scale.shown(r['estimate'])}"),
        ("Selection model", chosen, lambda r: f"{scale.shown(r['estimate'])}, weight {r['weight']:.2g} ({r['side']})"),
    ):
        told = words(result) if result["status"] == "ok" else result["reason"]
        lines.append(f"{title}: {told}." + ("" if result["advised"] else f" {result['advice']}."))
    return lines
