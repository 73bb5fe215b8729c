//! The sweep of second order that records nothing, against the recorded one.

use crate::programs::{inputs, leaves, program, recorded_gradient, run};
use crate::random::{Random, close};
use crate::rules::point;
use autograd_core::array::{Buffer, Rank, Value};
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::structural::{Matrix, Places, Span, Structural};
use autograd_core::tape::{NodeId, Operand, Sweep, SweepStep, Tape};

fn draw(random: &mut Random, dim: usize) -> Value {
    let entries: Vec<f64> = (0..dim).map(|_| random.between(-2.0, 2.0)).collect();
    Value::from_slice(&entries)
}

fn changes(inputs: &[Operand], directions: &[Value]) -> Vec<(NodeId, Value)> {
    let nodes = inputs.iter().map(|input| input.node);
    nodes.zip(directions.iter().cloned()).collect()
}

/// The product by a recorded gradient, swept.
fn recorded_product(
    tape: &mut Tape,
    output: &Operand,
    inputs: &[Operand],
    directions: &[Value],
) -> Vec<Vec<f64>> {
    let gradient = recorded_gradient(tape, output, inputs);
    let nodes: Vec<NodeId> = inputs.iter().map(|input| input.node).collect();
    let mut sums: Vec<Vec<f64>> = inputs.iter().map(|x| vec![0.0; x.value.dim()]).collect();
    for (bar, direction) in gradient.iter().zip(directions) {
        if bar.node == 0 {
            continue;
        }
        let mut sweep = Sweep::to_nodes(tape, bar.node, direction.clone(), &nodes);
        assert!(matches!(sweep.run(tape), SweepStep::Done));
        for (sum, product) in sums.iter_mut().zip(sweep.finish(tape)) {
            for (entry, sum) in sum.iter_mut().enumerate() {
                *sum += product.as_ref().map_or(0.0, |product| product.entry(entry));
            }
        }
    }
    sums
}

/// Both ways give the same, or the plain one gives up.
fn check(tape: &mut Tape, output: &Operand, inputs: &[Operand], directions: &[Value], name: &str) {
    let plain = tape.hessian_product(output.node, &changes(inputs, directions));
    let wanted = recorded_product(tape, output, inputs, directions);
    let Some(plain) = plain else {
        let is_finite = wanted.iter().flatten().all(|x| x.is_finite());
        assert!(!is_finite, "{name}: gave up, wanted {wanted:?}");
        return;
    };
    let size = wanted.iter().flatten().fold(1.0_f64, |m, x| m.max(x.abs()));
    for (got, wanted) in plain.iter().zip(&wanted) {
        for (&got, &wanted) in got.as_slice().iter().zip(wanted) {
            let is_close = close(got / size, wanted / size, 1e-11);
            assert!(is_close, "{name}: {got}, wanted {wanted}");
        }
    }
}

#[test]
fn products_of_random_programs_are_those_of_the_recorded_sweep() {
    for seed in 3000..3400 {
        let mut random = Random::new(seed);
        let inputs = inputs(&mut random);
        let program = program(&mut random, inputs.len());
        let mut tape = Tape::new();
        // What is below is not looked at.
        leaves(&mut tape, &inputs);
        let leaves = leaves(&mut tape, &inputs);
        let output = run(&mut tape, &program, &leaves);
        let directions: Vec<Value> = inputs.iter().map(|x| draw(&mut random, x.len())).collect();
        let name = format!("{seed}: {program:?}");
        check(&mut tape, &output, &leaves, &directions, &name);
        let nodes = tape.len();
        let again = tape.hessian_product(output.node, &changes(&leaves, &directions));
        assert!(again.is_some() && tape.len() == nodes, "{name}: recorded");
    }
}

/// `sum(y * y)` of the result, so that its adjoint changes as well.
fn squared(tape: &mut Tape, y: &Operand) -> Operand {
    let square = tape.binary(BinaryOp::Mul, y, y).unwrap();
    let square = std::slice::from_ref(&square);
    tape.structural(Structural::Sum, square).unwrap()
}

#[test]
fn each_operation_has_the_second_derivative_of_the_recorded_sweep() {
    let mut random = Random::new(11);
    for dim in [1, 3, 131] {
        for &op in UnaryOp::ALL {
            let facts = op.facts();
            let mut entries: Vec<f64> = (0..dim)
                .map(|_| point(&mut random, facts.domains[0]))
                .collect();
            for kink in facts.kinks.iter().take(dim) {
                entries[dim - 1] = *kink;
            }
            let mut tape = Tape::new();
            let x = leaves(&mut tape, &[entries]);
            let y = tape.unary(op, &x[0]).unwrap();
            let output = squared(&mut tape, &y);
            let direction = [draw(&mut random, dim)];
            check(
                &mut tape,
                &output,
                &x,
                &direction,
                &format!("{op:?} of {dim}"),
            );
        }
        for (&op, other) in BinaryOp::ALL.iter().flat_map(|op| [(op, dim), (op, 1)]) {
            let domains = op.facts().domains;
            let a: Vec<f64> = (0..dim).map(|_| point(&mut random, domains[0])).collect();
            let b: Vec<f64> = (0..other).map(|_| point(&mut random, domains[1])).collect();
            let mut tape = Tape::new();
            let leaves = leaves(&mut tape, &[a, b]);
            let constants: Vec<Operand> = leaves
                .iter()
                .map(|leaf| Operand::constant(leaf.value.clone()))
                .collect();
            let operands = [
                [&leaves[0], &leaves[1]],
                [&leaves[0], &constants[1]],
                [&constants[0], &leaves[1]],
                [&leaves[0], &leaves[0]],
            ];
            for (case, [a, b]) in operands.into_iter().enumerate() {
                let y = tape.binary(op, a, b).unwrap();
                let output = squared(&mut tape, &y);
                let directions = [draw(&mut random, dim), draw(&mut random, other)];
                let name = format!("{op:?} of {dim} and {other}, case {case}");
                check(&mut tape, &output, &leaves, &directions, &name);
            }
        }
    }
}

#[test]
fn each_structural_operation_has_the_second_derivative_of_the_recorded_sweep() {
    let mut random = Random::new(12);
    let back = Span {
        start: 4,
        step: -2,
        count: 3,
        dim: 5,
    };
    let taken = Places {
        at: vec![4, 1, 1, 0, 2].into(),
        dim: 5,
    };
    let mask = Value::from_slice(&[1.0, 0.0, 1.0, 0.0, 0.0]);
    let operations = [
        Structural::Sum,
        Structural::Dot,
        Structural::Norm,
        Structural::LogSumExp,
        Structural::Max,
        Structural::Min,
        Structural::CumulativeSum { from_back: true },
        Structural::Slice(back),
        Structural::Take(taken.clone()),
        Structural::Put(taken),
        Structural::concatenate(&[5, 5]),
        Structural::Where { mask },
    ];
    let operations = operations.into_iter().chain(products());
    for op in operations {
        for dim in [5, 1] {
            let mut tape = Tape::new();
            let rows: Vec<Vec<f64>> = [5, dim]
                .map(|dim| (0..dim).map(|_| random.between(-2.0, 2.0)).collect())
                .into();
            let leaves = leaves(&mut tape, &rows);
            let a = tape.unary(UnaryOp::Sin, &leaves[0]).unwrap();
            let b = tape.binary(BinaryOp::Mul, &leaves[1], &a).unwrap();
            let operands = [b, a];
            let takes_both = matches!(
                op,
                Structural::Dot | Structural::Concatenate { .. } | Structural::Where { .. }
            );
            let operands = if takes_both {
                &operands[..]
            } else {
                &operands[..1]
            };
            let y = tape.structural(op.clone(), operands).unwrap();
            let output = squared(&mut tape, &y);
            let directions = [draw(&mut random, 5), draw(&mut random, dim)];
            check(&mut tape, &output, &leaves, &directions, op.name());
        }
    }
}

/// Products with a matrix of five columns, stored by rows and by columns.
fn products() -> [Structural; 2] {
    let entries: Vec<f64> = (0..15).map(|k| f64::from(k % 7) - 2.5).collect();
    let matrix = |rows, columns| Matrix::new(Buffer::from_slice(&entries), rows, columns);
    [matrix(3, 5), matrix(5, 3).transposed()].map(|matrix| Structural::Product {
        matrix,
        is_gated: false,
    })
}

/// The values that scalar operations need are computed on the way, however long it is.
#[test]
fn values_that_no_node_keeps_are_computed_without_recursion() {
    let mut tape = Tape::new();
    let x = leaves(&mut tape, &[vec![0.5, 0.7]]).remove(0);
    let mut sum = x.clone();
    for _ in 0..100_000 {
        sum = tape.binary(BinaryOp::Add, &sum, &x).unwrap();
    }
    let total = tape.structural(Structural::Sum, &[sum]).unwrap();
    let output = tape.unary(UnaryOp::Square, &total).unwrap();
    let direction = Value::from_slice(&[1.0, 0.0]);
    let product = tape.hessian_product(output.node, &[(x.node, direction)]);
    let wanted = 2.0 * 100_001.0_f64.powi(2);
    assert_eq!(product.unwrap()[0].as_slice(), [wanted, wanted]);
}

#[test]
fn what_cannot_be_had_without_recording_is_left_to_the_recorded_sweep() {
    let mut tape = Tape::new();
    let older = leaves(&mut tape, &[vec![2.0]]).remove(0);
    let x = leaves(&mut tape, &[vec![3.0]]).remove(0);
    let direction = |node| [(node, Value::number(1.0))];
    let square = tape.unary(UnaryOp::Square, &x).unwrap();
    assert!(
        tape.hessian_product(square.node, &direction(x.node))
            .is_some()
    );

    let product = tape.binary(BinaryOp::Mul, &square, &older).unwrap();
    assert!(
        tape.hessian_product(product.node, &direction(x.node))
            .is_none()
    );
    assert!(
        tape.hessian_product(square.node, &direction(square.node))
            .is_none()
    );

    let x = leaves(&mut tape, &[vec![3.0]]).remove(0);
    let custom = Structural::Custom { key: 1, held: 0 };
    let value = Value::number(9.0);
    let custom = tape.structural_with_value(custom, std::slice::from_ref(&x), value);
    let custom = custom.unwrap();
    assert!(
        tape.hessian_product(custom.node, &direction(x.node))
            .is_none()
    );

    let x = leaves(&mut tape, &[vec![3.0]]).remove(0);
    let leaf = tape.leaf_of(x.node).unwrap();
    let square = tape.unary(UnaryOp::Square, &x).unwrap();
    let node = tape.push_leaf_node(leaf, Value::number(4.0)).unwrap();
    assert!(
        tape.hessian_product(square.node, &direction(node))
            .is_none()
    );
}

/// A loop over numbers: the matrix has the products with unit vectors as its rows.
#[test]
fn the_matrix_has_the_products_with_unit_vectors_as_rows() {
    let mut random = Random::new(13);
    for dim in [1, 3, 4, 5, 8, 9, 17] {
        let mut tape = Tape::new();
        let entries: Vec<f64> = (0..dim).map(|_| random.between(0.5, 1.5)).collect();
        let leaves = leaves(&mut tape, &[entries, vec![0.7], vec![0.3, 0.4]]);
        let mut terms: Vec<Operand> = (0..dim)
            .map(|place| tape.index(&leaves[0], place, Rank::NUMBER).unwrap())
            .collect();
        terms.push(leaves[1].clone());
        for _ in 0..40 {
            let (a, b) = (random.below(terms.len()), random.below(terms.len()));
            let product = tape.binary(BinaryOp::Mul, &terms[a], &terms[b]).unwrap();
            terms.push(tape.unary(UnaryOp::Sin, &product).unwrap());
        }
        let zero = Operand::constant(Value::number(0.0));
        let output = terms.iter().fold(zero, |sum, term| {
            tape.binary(BinaryOp::Add, &sum, term).unwrap()
        });
        let nodes: Vec<NodeId> = leaves.iter().map(|leaf| leaf.node).collect();
        let matrix = tape.hessian(output.node, &nodes).unwrap();
        let count = dim + 3;
        for entry in 0..count {
            let unit: Vec<f64> = (0..count)
                .map(|k| f64::from(u8::from(k == entry)))
                .collect();
            let directions = [&unit[..dim], &unit[dim..=dim], &unit[dim + 1..]];
            let directions = directions.map(Value::from_slice);
            let product = tape.hessian_product(output.node, &changes(&leaves, &directions));
            let row: Vec<f64> = product
                .unwrap()
                .iter()
                .flat_map(|part| part.as_slice().to_vec())
                .collect();
            for (got, wanted) in matrix[entry * count..][..count].iter().zip(row) {
                assert!(close(*got, wanted, 1e-12), "{dim}: {got}, wanted {wanted}");
            }
        }
    }
}
