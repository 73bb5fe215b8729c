"""The example trains what it says, and its optimum is scikit-learn's."""

import math

import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import breast_cancer


@pytest.fixture(scope="module")
def data():
    return breast_cancer.load_data()


def test_the_data_is_scikit_learns_copy_standardised(data):
    features, labels = load_breast_cancer(return_X_y=True)
    wanted = (features - features.mean(axis=0)) / features.std(axis=0)
    assert data.labels == labels.tolist()
    assert data.rows == pytest.approx(wanted, abs=1e-12)


def test_holding_out_rows_loses_none(data):
    train, held_out = breast_cancer.split(data)
    assert (len(train.rows), len(held_out.rows)) == (455, 114)
    assert sorted(train.rows + held_out.rows) == sorted(data.rows)


def test_sgd_follows_the_hand_written_derivative(data):
    ours = breast_cancer.fit_sgd(data, epochs=2)
    by_hand = breast_cancer.fit_by_hand(data, epochs=2)
    # Both do the same arithmetic in the same order; only exp and log1p may differ in the last bit.
    for fit, wanted in zip(ours, by_hand, strict=True):
        assert fit.weights == pytest.approx(wanted.weights, rel=1e-12, abs=1e-14)
        assert fit.bias == pytest.approx(wanted.bias, rel=1e-12, abs=1e-14)
        assert fit.loss == pytest.approx(wanted.loss, rel=1e-12)


def test_sgd_learns_the_diagnosis(data):
    train, held_out = breast_cancer.split(data)
    *_, last = breast_cancer.fit_sgd(train, epochs=10)
    assert breast_cancer.measure_accuracy(last.weights, last.bias, held_out) > 0.95
    assert last.loss < 0.1


@pytest.mark.parametrize("strength", [0.1, 1.0, 10.0])
def test_the_regularised_optimum_is_scikit_learns(data, strength):
    model = LogisticRegression(C=strength, tol=1e-12, solver="newton-cholesky", max_iter=1000)
    model.fit(data.rows, data.labels)
    weights, bias = breast_cancer.fit_newton(data, strength)
    assert weights == pytest.approx(model.coef_[0].tolist(), abs=1e-6)
    assert bias == pytest.approx(model.intercept_[0], abs=1e-6)


def test_newton_that_may_not_finish_says_where_it_stands(data):
    with pytest.raises(RuntimeError, match="fit_newton: gradient is"):
        breast_cancer.fit_newton(data, limit=1)


def test_cholesky_solves_a_small_system():
    solution = breast_cancer.solve_positive_definite([[4.0, 2.0], [2.0, 3.0]], [2.0, 5.0])
    assert solution == pytest.approx([-0.5, 2.0], rel=1e-15)


def test_softplus_neither_overflows_nor_cancels():
    assert breast_cancer.softplus(1000.0) == 1000.0
    assert breast_cancer.softplus(-40.0) == pytest.approx(math.exp(-40.0), rel=1e-15)


def test_main_prints_what_it_measured(capsys):
    breast_cancer.main(epochs=2)
    printed = capsys.readouterr().out
    assert "569 rows of 30 features" in printed
    for line in ("accuracy", "final loss", "gradients/s", "loss, gradient, update"):
        assert f"\n{line}" in printed
