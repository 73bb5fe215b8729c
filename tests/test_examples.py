"""The examples do what they say, at small sizes, with and without matplotlib."""

import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_rs as ag
import black_scholes
import eight_schools
import lynx_hare
import max_likelihood
import newton
import pictures
import two_moons

EXAMPLES = Path(__file__).parent.parent / "examples"

# Maximum likelihood


@pytest.fixture(scope="module")
def waits():
    return max_likelihood.load_waits()


def test_the_fit_of_old_faithful_is_the_published_one(waits):
    fit = max_likelihood.fit(waits, is_quiet=True)
    # Benaglia, Chauveau, Hunter, Young: mixtools, J. Stat. Software 32(6) (2009), section 2.
    published = (0.361, 54.615, 80.091, 5.871, 5.868)
    assert [estimate.value for estimate in fit.estimates] == pytest.approx(published, abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-1034.002, abs=5e-4)


def test_the_fit_of_old_faithful_is_where_expectation_maximisation_stops(waits):
    share, means, deviations = 0.4, [55.0, 80.0], [6.0, 6.0]
    for _ in range(300):
        shares = []
        for x in waits:
            short, long = (
                weight * math.exp(-0.5 * ((x - mean) / deviation) ** 2) / deviation
                for weight, mean, deviation in zip((share, 1 - share), means, deviations)
            )
            shares.append(short / (short + long))
        for kind, weights in enumerate((shares, [1 - entry for entry in shares])):
            total = math.fsum(weights)
            means[kind] = math.fsum(w * x for w, x in zip(weights, waits)) / total
            square = math.fsum(w * (x - means[kind]) ** 2 for w, x in zip(weights, waits))
            deviations[kind] = math.sqrt(square / total)
        share = math.fsum(shares) / len(waits)
    fit = max_likelihood.fit(waits, is_quiet=True)
    ours = [estimate.value for estimate in fit.estimates]
    assert ours == pytest.approx([share, *means, *deviations], rel=1e-8)


def test_newtons_method_takes_few_steps(waits):
    assert max_likelihood.fit(waits, is_quiet=True).iterations < 12


def test_newtons_method_says_where_it_stands_when_it_may_not_finish():
    with pytest.raises(RuntimeError, match="minimise: gradient is"):
        newton.minimise(lambda x: ag.sum(x**4), [1.0, 2.0], limit=2)


def test_newtons_method_finds_its_way_over_a_saddle():
    def f(x):
        return x[0] ** 4 - 2 * x[0] ** 2 + x[1] ** 2

    minimum = newton.minimise(f, [0.01, 1.0])
    assert minimum.parameters == pytest.approx([1.0, 0.0], abs=1e-8)


# Lynx and hare


def test_the_lotka_volterra_fit_agrees_with_the_published_posterior():
    estimates = lynx_hare.fit(lynx_hare.load_counts(), steps=8, is_quiet=True)
    for estimate, published in zip(estimates, lynx_hare.PUBLISHED):
        # The most probable value is not the mean, but not far from it; a third for the skewness.
        assert abs(estimate.value - published) < 1.33 * estimate.value * estimate.spread


def test_the_integration_keeps_what_the_equations_keep():
    alpha, beta, gamma, delta = 0.55, 0.028, 0.8, 0.024

    def constant(hares, lynxes):
        return delta * hares - gamma * math.log(hares) + beta * lynxes - alpha * math.log(lynxes)

    course = lynx_hare.integrate((alpha, beta, gamma, delta, 33.9, 5.9), years=20)
    assert constant(*course[-1]) == pytest.approx(constant(*course[0]), rel=1e-7)


def test_the_gradient_through_the_integration_is_that_of_differences():
    counts = lynx_hare.load_counts()
    logs = [math.log(x) for x in (0.5, 0.03, 0.8, 0.03, 30.0, 5.0, 0.5, 0.5)]

    def f(logs):
        return lynx_hare.negative_log_posterior(logs, counts, 4)

    gradient = ag.grad(f)(logs)
    for i in range(8):
        h = 1e-5
        up, down = ([*logs[:i], logs[i] + sign * h, *logs[i + 1 :]] for sign in (1, -1))
        assert gradient[i] == pytest.approx((f(up) - f(down)) / (2 * h), rel=1e-6, abs=1e-5)


# Eight schools


@pytest.fixture(scope="module")
def schools():
    return eight_schools.run(2500, is_quiet=True)


def test_the_posterior_means_agree_with_the_published_ones(schools):
    chains, summaries = schools
    for ours, published, error in zip(
        summaries, eight_schools.PUBLISHED, eight_schools.PUBLISHED_ERRORS
    ):
        # Ten means at once: beyond four errors by chance once in 1500 seeds.
        assert abs(ours.mean - published) < 4.0 * math.hypot(ours.error, error), ours
    assert all(0.6 < chain.acceptance < 0.95 for chain in chains)


def test_the_posterior_means_agree_with_integration(schools):
    # Given the spread, all is normal; over the spread we integrate, by its logarithm.
    y, errors = eight_schools.EFFECTS.tolist(), eight_schools.ERRORS.tolist()
    total, means = 0.0, [0.0] * 10
    for i in range(1200):
        log_spread = -8.0 + 13.0 * i / 1199
        spread = math.exp(log_spread)
        precisions = [1.0 / (e * e + spread * spread) for e in errors]
        precision = sum(precisions) + 1.0 / 25.0
        mean = sum(p * x for p, x in zip(precisions, y)) / precision
        log_weight = log_spread - math.log1p((spread / 5.0) ** 2) - 0.5 * math.log(precision)
        log_weight += 0.5 * sum(map(math.log, precisions)) + 0.5 * precision * mean**2
        weight = math.exp(log_weight - 0.5 * sum(p * x * x for p, x in zip(precisions, y)))
        shares = [spread**2 * p for p in precisions]
        values = [share * x + (1 - share) * mean for share, x in zip(shares, y)]
        total += weight
        for k, value in enumerate([*values, mean, spread]):
            means[k] += weight * value
    for ours, mean, published in zip(schools[1], means, eight_schools.PUBLISHED):
        assert abs(ours.mean - mean / total) < 4.0 * ours.error, ours
        assert mean / total == pytest.approx(published, abs=0.25)


def test_the_sampler_draws_from_a_normal():
    import random

    chain = eight_schools.sample(lambda q: -0.5 * (q @ q), [3.0, -3.0], 2000, 200, random.Random(5))
    for column in zip(*chain.draws):
        mean = math.fsum(column) / len(column)
        variance = math.fsum((x - mean) ** 2 for x in column) / len(column)
        assert abs(mean) < 0.15
        assert variance == pytest.approx(1.0, abs=0.2)


# Black-Scholes


@pytest.mark.parametrize("name", black_scholes.GREEKS)
@pytest.mark.parametrize(
    "market",
    [
        black_scholes.Market(),
        black_scholes.Market(80.0, 100.0, 0.25, 0.05, 0.3),
        black_scholes.Market(140.0, 100.0, 2.0, -0.01, 0.15),
    ],
)
def test_a_greek_is_its_closed_form(name, market):
    wanted = black_scholes.closed_forms(market)[name]
    # Third derivatives lose some digits to cancellation, in the closed forms too.
    assert black_scholes.greek(name)(*market) == pytest.approx(wanted, rel=1e-10, abs=1e-13)


def test_there_is_a_greek_for_every_closed_form():
    assert set(black_scholes.closed_forms(black_scholes.Market())) == set(black_scholes.GREEKS)


# Two moons


def test_the_perceptron_tells_the_moons_apart(capsys):
    points = two_moons.make_moons()
    history = two_moons.train(two_moons.Perceptron(2, [16, 16, 1]), points, 60)
    assert history[-1].accuracy > 0.95
    assert history[-1].loss < 0.2 * history[0].loss
    assert "100%" in capsys.readouterr().out


def test_the_perceptron_is_as_large_as_micrograds():
    assert len(two_moons.Perceptron(2, [16, 16, 1]).parameters()) == 337


def test_the_moons_are_even_and_reach_into_each_other():
    points = two_moons.make_moons(100, noise=0.0)
    assert sum(point.label for point in points) == 0
    upper = [p for p in points if p.label < 0]
    assert all(p.x**2 + p.y**2 == pytest.approx(1.0) for p in upper)


# From HIPS autograd


def test_the_programs_for_hips_autograd_agree_with_it():
    pytest.importorskip("numpy")
    autograd = pytest.importorskip("autograd")
    import autograd.numpy as anp

    program = importlib.import_module("from_hips_autograd")
    names = {"np": anp, "anp": anp, "grad": autograd.grad, "hessian": autograd.hessian,
             "elementwise_grad": autograd.elementwise_grad}  # fmt: skip
    source = (EXAMPLES / "from_hips_autograd.py").read_text()
    kept = [line for line in source.splitlines() if not line.startswith(("import", "from autog"))]
    scope = {**names, "__name__": "theirs"}
    exec(compile("\n".join(kept), "theirs", "exec"), scope)
    x = anp.linspace(-2.0, 2.0, 9)
    for ours, wanted in zip(program.derivatives_of_tanh(x, 3), scope["derivatives_of_tanh"](x, 3)):
        assert ours == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert program.fit_weights(20) == pytest.approx(scope["fit_weights"](20), rel=1e-12)
    velocity = anp.array([15.0, 12.0])
    assert program.landing(velocity) == pytest.approx(scope["landing"](velocity), rel=1e-13)
    ours = program.grad(program.landing)(velocity)
    assert ours == pytest.approx(autograd.grad(scope["landing"])(velocity), rel=1e-10)


def test_the_ball_flies_farthest_at_the_angle_found():
    np = pytest.importorskip("numpy")
    program = importlib.import_module("from_hips_autograd")
    best = program.best_angle()

    def distance(degrees):
        angle = np.radians(degrees)
        return program.landing(20.0 * np.array([np.cos(angle), np.sin(angle)]))

    assert all(distance(best) >= distance(best + change) for change in (-1.0, -0.2, 0.2, 1.0))


# All of them


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("max_likelihood", ()),
        ("lynx_hare", (None, 4)),
        ("eight_schools", (100,)),
        ("black_scholes", ()),
        ("two_moons", (3,)),
        ("from_hips_autograd", ()),
    ],
)
def test_main_prints_progress_and_saves_a_picture(name, arguments, tmp_path, monkeypatch, capsys):
    if name == "from_hips_autograd":
        pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    importlib.import_module(name).main(*arguments)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 4
    if importlib.util.find_spec("matplotlib"):
        file = tmp_path / "pictures" / f"{name}.png"
        assert file.read_bytes().startswith(b"\x89PNG")
        assert f"{name}.png" in printed
    else:
        assert "matplotlib is not installed" in printed


def test_without_matplotlib_there_is_no_picture_and_a_line_says_so(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert pictures.save("nothing", lambda figure: None) is None
    assert "matplotlib is not installed" in capsys.readouterr().out


def test_an_example_runs_as_a_script(tmp_path):
    run = subprocess.run(
        [sys.executable, EXAMPLES / "eight_schools.py", "50"],
        cwd=tmp_path, check=True, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    assert "spread of schools" in run.stdout
