"""SciPy's solvers on classic problems, driven by our transforms."""

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")
optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def beale(x):
    return (
        (1.5 - x[0] + x[0] * x[1]) ** 2
        + (2.25 - x[0] + x[0] * x[1] ** 2) ** 2
        + (2.625 - x[0] + x[0] * x[1] ** 3) ** 2
    )


def powell(x):
    """Powell's singular function: its Hessian is singular at the minimum, which is at 0."""
    return (
        (x[0] + 10 * x[1]) ** 2
        + 5 * (x[2] - x[3]) ** 2
        + (x[1] - 2 * x[2]) ** 4
        + 10 * (x[0] - x[3]) ** 4
    )


# More, Garbow, Hillstrom: Testing unconstrained optimization software, ACM TOMS 7(1), 1981.
PROBLEMS = {
    "rosenbrock 2": (rosenbrock, [-1.2, 1.0], [1.0, 1.0], 1e-5),
    "rosenbrock 10": (rosenbrock, [0.5, -0.5] * 5, [1.0] * 10, 1e-5),
    "beale": (beale, [1.0, 1.0], [3.0, 0.5], 1e-5),
    "powell": (powell, [3.0, -1.0, 0.0, 1.0], [0.0] * 4, 2e-2),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG"])
def test_minimize_takes_value_and_grad_as_it_stands(problem, method):
    f, start, minimum, tolerance = problem
    found = optimize.minimize(ag.value_and_grad(f), start, jac=True, method=method, tol=1e-9)
    np.testing.assert_allclose(found.x, minimum, atol=tolerance)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("method", ["Newton-CG", "trust-exact", "trust-ncg"])
def test_minimize_takes_a_hessian(problem, method):
    f, start, minimum, tolerance = problem
    found = optimize.minimize(
        ag.value_and_grad(f), start, jac=True, hess=ag.hessian(f), method=method, tol=1e-10
    )
    np.testing.assert_allclose(found.x, minimum, atol=tolerance)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg"])
def test_minimize_takes_a_hessian_vector_product(problem, method):
    f, start, minimum, tolerance = problem
    found = optimize.minimize(
        ag.value_and_grad(f), start, jac=True, hessp=ag.hvp(f), method=method, tol=1e-10
    )
    np.testing.assert_allclose(found.x, minimum, atol=tolerance)


def test_minimize_takes_a_separate_gradient_and_arguments():
    def shifted(x, centre, scale):
        return scale * np.sum((x - centre) ** 4)

    centre = np.array([1.0, -2.0, 3.0])
    found = optimize.minimize(
        shifted, np.zeros(3), args=(centre, 2.0), jac=ag.grad(shifted), tol=1e-12
    )
    np.testing.assert_allclose(found.x, centre, atol=1e-2)


def test_minimize_of_scipys_own_rosen_untouched():
    found = optimize.minimize(
        ag.value_and_grad(optimize.rosen),
        np.array([1.3, 0.7, 0.8, 1.9, 1.2]),
        jac=True,
        hess=ag.hessian(optimize.rosen),
        method="trust-exact",
        tol=1e-10,
    )
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-8)


def test_minimize_under_a_constraint_with_a_jacobian():
    # The largest box of a given surface is a cube.
    def surface(x):
        return 2 * (x[0] * x[1] + x[1] * x[2] + x[2] * x[0]) - 6.0

    found = optimize.minimize(
        ag.value_and_grad(lambda x: -np.prod(x)),
        [0.8, 1.1, 1.3],
        jac=True,
        constraints={"type": "eq", "fun": surface, "jac": ag.grad(surface)},
        method="SLSQP",
        tol=1e-12,
    )
    np.testing.assert_allclose(found.x, np.ones(3), atol=1e-6)


# NIST StRD Misra1a: https://www.itl.nist.gov/div898/strd/nls/data/misra1a.shtml
PRESSURE = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1,
            689.1, 760.0]  # fmt: skip
VOLUME = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40,
          75.47, 81.78]  # fmt: skip


@pytest.mark.parametrize("start", [[500.0, 0.0001], [250.0, 0.0005]])
@pytest.mark.parametrize("method", ["lm", "trf"])
def test_least_squares_finds_the_certified_parameters_of_misra1a(start, method):
    pressure, volume = np.array(PRESSURE), np.array(VOLUME)

    def residuals(b):
        return volume - b[0] * (1.0 - np.exp(-b[1] * pressure))

    found = optimize.least_squares(
        residuals, start, jac=ag.jacobian(residuals), method=method, x_scale=[100.0, 1e-4],
        xtol=1e-15, ftol=1e-15, gtol=1e-15,
    )  # fmt: skip
    np.testing.assert_allclose(found.x, [2.3894212918e02, 5.5015643181e-04], rtol=1e-9)
    assert 2 * found.cost == pytest.approx(1.2455138894e-01, rel=1e-9)


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root_of_the_intersection_of_a_circle_and_an_exponential(method):
    def equations(x):
        return np.stack([x[0] ** 2 + x[1] ** 2 - 4.0, np.exp(x[0]) + x[1] - 1.0])

    found = optimize.root(equations, [1.0, -1.7], jac=ag.jacobian(equations), method=method)
    np.testing.assert_allclose(found.x, [1.004168738477, -1.729637286949], rtol=1e-10)


def test_root_takes_equations_written_as_an_array_of_variables():
    def equations(x):
        return np.array([x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]])

    found = optimize.root(equations, [0.0, 0.0], jac=ag.jacobian(equations))
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], atol=1e-7)


def test_newton_finds_a_root_by_first_and_second_derivatives():
    def f(x):
        return x**3 - 2.0 * x - 5.0

    slope = ag.grad(f)
    root = optimize.newton(f, 2.0, fprime=slope, fprime2=ag.grad(slope))
    # Wallis's equation, to which Newton first applied his method.
    assert root == pytest.approx(2.0945514815423265, rel=1e-14)


def robertson(_, y):
    return np.stack([
        -0.04 * y[0] + 1e4 * y[1] * y[2],
        0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] ** 2,
        3e7 * y[1] ** 2,
    ])  # fmt: skip


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_solve_ivp_takes_the_jacobian_of_a_stiff_system(method):
    solution = integrate.solve_ivp(
        robertson, (0.0, 40.0), [1.0, 0.0, 0.0], method=method,
        jac=ag.jacobian(robertson, argnums=1), rtol=1e-8, atol=1e-12,
    )  # fmt: skip
    # Hairer and Wanner, Solving Ordinary Differential Equations II, IV.10 (reference at t = 40).
    wanted = [0.7158270688, 9.185534765e-06, 0.2841637457]
    np.testing.assert_allclose(solution.y[:, -1], wanted, rtol=1e-5)


def test_a_gradient_saves_calls_of_finite_differences():
    calls = {"ours": 0, "differences": 0}

    def counted(kind):
        def f(x):
            calls[kind] += 1
            return rosenbrock(x)

        return f

    start = np.array([-1.2, 1.0] * 5)
    optimize.minimize(ag.value_and_grad(counted("ours")), start, jac=True, method="BFGS")
    optimize.minimize(counted("differences"), start, method="BFGS")
    assert calls["ours"] * 5 < calls["differences"]


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_solve_ivp_takes_the_jacobian_of_a_single_equation(method):
    def decay(_, y):
        return -50.0 * y

    solution = integrate.solve_ivp(
        decay, (0.0, 0.1), [1.0], method=method, jac=ag.jacobian(decay, argnums=1),
        rtol=1e-8, atol=1e-12,
    )  # fmt: skip
    assert solution.y[0, -1] == pytest.approx(np.exp(-5.0), rel=1e-6)


@pytest.mark.parametrize("start", [[1.0], [1.0, 3.0]])
@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_takes_one_residual(start, method):
    if method == "lm" and len(start) > 1:
        pytest.skip("lm wants as many residuals as parameters")

    def residual(x):
        return x**2 - 2.0 if len(x) == 1 else x[1:] - x[:-1] ** 2

    found = optimize.least_squares(residual, start, jac=ag.jacobian(residual), method=method)
    assert abs(found.fun[0]) < 1e-6


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "SLSQP", "TNC", "trust-constr"])
def test_minimize_takes_the_jacobian_of_a_number_by_one_parameter(method):
    def f(x):
        return (x[0] - 2.0) ** 2

    found = optimize.minimize(f, [1.0], jac=ag.jacobian(f), method=method)
    assert found.x.shape == (1,)
    assert found.x[0] == pytest.approx(2.0, abs=1e-4)


def test_root_takes_equations_written_as_a_list():
    def equations(x):
        return [x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]]

    found = optimize.root(equations, [0.0, 0.0], jac=ag.jacobian(equations))
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], atol=1e-7)
