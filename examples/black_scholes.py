"""Greeks to third order: derivatives of the Black-Scholes price against closed forms.

The price is written once. Every Greek is `ag.grad` of it, nested as often as the Greek has letters;
beside each stands its closed form, as E. G. Haug gives it in "The Complete Guide to Option Pricing
Formulas" (2007), chapter 2, where somebody once worked it out by hand.

Run it with `python examples/black_scholes.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd_rs as ag
import pictures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Function = Callable[..., float]


class Market(NamedTuple):
    """What the price of a call depends on."""

    spot: float = 105.0
    strike: float = 100.0
    time: float = 0.75  # years to expiry
    rate: float = 0.03
    volatility: float = 0.22


SPOT, STRIKE, TIME, RATE, VOLATILITY = range(5)


def price(spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    """Return the price of a European call."""
    deviation = volatility * time**0.5
    d1 = (ag.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / deviation
    d2 = d1 - deviation
    return spot * _normal(d1) - strike * ag.exp(-rate * time) * _normal(d2)


def _normal(x: Any) -> Any:
    return 0.5 * ag.erfc(-x * math.sqrt(0.5))


# Each Greek: by which arguments to differentiate, and the sign it is quoted with.
GREEKS: dict[str, tuple[tuple[int, ...], float]] = {
    "delta": ((SPOT,), 1.0),
    "vega": ((VOLATILITY,), 1.0),
    "theta": ((TIME,), -1.0),
    "rho": ((RATE,), 1.0),
    "dual delta": ((STRIKE,), 1.0),
    "gamma": ((SPOT, SPOT), 1.0),
    "vanna": ((SPOT, VOLATILITY), 1.0),
    "charm": ((SPOT, TIME), -1.0),
    "vomma": ((VOLATILITY, VOLATILITY), 1.0),
    "veta": ((VOLATILITY, TIME), -1.0),
    "speed": ((SPOT, SPOT, SPOT), 1.0),
    "zomma": ((SPOT, SPOT, VOLATILITY), 1.0),
    "color": ((SPOT, SPOT, TIME), -1.0),
    "ultima": ((VOLATILITY, VOLATILITY, VOLATILITY), 1.0),
}


def greek(name: str) -> Function:
    """Make the function that computes a Greek, of the arguments of `price`."""
    arguments, sign = GREEKS[name]
    derivative: Callable[..., Any] = price
    for argument in arguments:
        derivative = ag.grad(derivative, argnums=argument)
    return lambda *market: sign * float(derivative(*market))


def closed_forms(market: Market) -> dict[str, float]:
    """Return every Greek by its formula."""
    s, k, t, r, v = market
    root = math.sqrt(t)
    d1 = (math.log(s / k) + (r + 0.5 * v * v) * t) / (v * root)
    d2 = d1 - v * root
    density = math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    normal_1, normal_2 = (0.5 * math.erfc(-d * math.sqrt(0.5)) for d in (d1, d2))
    discount = math.exp(-r * t)
    vega = s * density * root
    gamma = density / (s * v * root)
    drift = (2.0 * r * t - d2 * v * root) / (2.0 * t * v * root)
    vomma = vega * d1 * d2 / v
    return {
        "delta": normal_1,
        "vega": vega,
        "theta": -s * density * v / (2.0 * root) - r * k * discount * normal_2,
        "rho": k * t * discount * normal_2,
        "dual delta": -discount * normal_2,
        "gamma": gamma,
        "vanna": -density * d2 / v,
        "charm": -density * drift,
        "vomma": vomma,
        "veta": vega * (r * d1 / (v * root) - (1.0 + d1 * d2) / (2.0 * t)),
        "speed": -gamma / s * (d1 / (v * root) + 1.0),
        "zomma": gamma * (d1 * d2 - 1.0) / v,
        "color": gamma / (2.0 * t) * (1.0 + 2.0 * t * d1 * drift),
        "ultima": -vega / v**2 * (d1 * d2 * (1.0 - d1 * d2) + d1**2 + d2**2),
    }


def main(folder: Path | None = None) -> None:
    """Print every Greek beside its closed form, and save a picture of some over the spot."""
    market = Market()
    wanted = closed_forms(market)
    print(f"A call: {market}; price {float(price(*market)):.6f}")
    print(f"{'Greek':<11} {'derivative':>20} {'closed form':>20} {'difference':>11}")
    for name in GREEKS:
        ours = greek(name)(*market)
        print(f"{name:<11} {ours:>20.14f} {wanted[name]:>20.14f} {ours - wanted[name]:>11.1e}")

    def draw(figure: Any) -> None:
        spots = [60.0 + 0.5 * i for i in range(181)]
        shown = ("delta", "gamma", "speed", "vega", "vanna", "ultima")
        for axes, name in zip(figure.subplots(2, 3, sharex=True).flat, shown):
            function = greek(name)
            for time, colour in ((0.25, "#b5651d"), (0.75, "#1f4e79")):
                curve = [function(spot, *market[1:2], time, *market[3:]) for spot in spots]
                axes.plot(spots, curve, color=colour, label=f"{time} years")
            axes.set_title(name)
            axes.axvline(market.strike, color="grey", linewidth=0.5)
        figure.axes[0].legend()
        figure.supxlabel("spot; the line is the strike")

    pictures.save("black_scholes", draw, folder)


if __name__ == "__main__":
    main()
