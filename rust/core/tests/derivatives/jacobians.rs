//! Jacobians of random programs: the terms of a linearized graph against a sweep for each row.

use crate::programs::{inputs, leaves, program, recorded_gradient, run};
use crate::random::{Random, close};
use autograd_core::array::{Buffer, Value};
use autograd_core::ops::UnaryOp;
use autograd_core::structural::{Matrix, Places, Span, Structural};
use autograd_core::tape::{LANES, Linearized, NodeId, Operand, Sweep, Tape};

/// A row for each entry of each output, a sweep each.
fn swept(tape: &mut Tape, outputs: &[Operand], inputs: &[Operand]) -> Vec<f64> {
    let nodes: Vec<NodeId> = inputs.iter().map(|input| input.node).collect();
    let mut matrix = Vec::new();
    for output in outputs {
        for row in 0..output.value.dim() {
            let mut found = vec![None; inputs.len()];
            if output.node != 0 {
                let mut seed = Value::filled(output.value.dim(), 0.0);
                seed.make_mut()[row] = 1.0;
                let mut sweep = Sweep::to_nodes(tape, output.node, seed, &nodes);
                sweep.run(tape);
                found = sweep.finish(tape).into_vec();
            }
            for (bar, input) in found.into_iter().zip(inputs) {
                let zeros = || Value::filled(input.value.dim(), 0.0);
                matrix.extend_from_slice(bar.unwrap_or_else(zeros).as_slice());
            }
        }
    }
    matrix
}

fn filled(linearized: &Linearized, is_forward: bool) -> Vec<f64> {
    let (rows, columns) = (linearized.rows(), linearized.columns());
    let mut matrix = vec![0.0; rows * columns];
    let directions = if is_forward { columns } else { rows };
    let mut start = 0;
    while start < directions {
        let end = start + linearized.lanes(directions - start);
        assert!(end - start <= LANES);
        if is_forward {
            linearized.push_forward(start..end, &mut matrix);
        } else {
            linearized.pull_back(start..end, &mut matrix);
        }
        start = end;
    }
    matrix
}

fn assert_agree(tape: &mut Tape, outputs: &[Operand], inputs: &[Operand], what: &str) {
    let nodes: Vec<NodeId> = inputs.iter().map(|input| input.node).collect();
    let ends: Vec<(NodeId, usize)> = outputs
        .iter()
        .map(|output| (output.node, output.value.dim()))
        .collect();
    let linearized = tape.linearize(&ends, &nodes).unwrap();
    let wanted = swept(tape, outputs, inputs);
    for is_forward in [false, true] {
        let got = filled(&linearized, is_forward);
        assert_eq!(got.len(), wanted.len());
        for (got, wanted) in got.iter().zip(&wanted) {
            assert!(
                close(*got, *wanted, 1e-12),
                "{what}: {got}, wanted {wanted}"
            );
        }
    }
}

#[test]
fn jacobians_of_random_programs_and_their_gradients_are_those_of_sweeps() {
    for seed in 3000..3200 {
        let mut random = Random::new(seed);
        let inputs = inputs(&mut random);
        let program = program(&mut random, inputs.len());
        let mut tape = Tape::new();
        let leaves = leaves(&mut tape, &inputs);
        let output = run(&mut tape, &program, &leaves);
        // The graph of a gradient has all that pullbacks are made of.
        let mut outputs = recorded_gradient(&mut tape, &output, &leaves);
        outputs.push(output);
        outputs.push(leaves[1].clone());
        assert_agree(&mut tape, &outputs, &leaves, &format!("{seed}"));
    }
}

#[test]
fn every_operation_on_whole_vectors_is_linearized() {
    let mut tape = Tape::new();
    let x = leaves(&mut tape, &[vec![0.5, -1.5, 2.0, 2.0], vec![0.7]]);
    let span = |start, step, count| Span {
        start,
        step,
        count,
        dim: 4,
    };
    let mask = Value::from_slice(&[1.0, 0.0, 1.0, 1.0]);
    let back = Structural::CumulativeSum { from_back: true };
    let places = Structural::Scatter {
        places: Box::new([2, 2]),
        dim: 4,
    };
    let taken = |dim| Places {
        at: [3, 1, 1, 0].into(),
        dim,
    };
    let entries: Vec<f64> = (0..12).map(|k| f64::from(k % 5) - 1.5).collect();
    let matrix = |rows, columns| Matrix::new(Buffer::from_slice(&entries), rows, columns);
    let product = |matrix| Structural::Product {
        matrix,
        is_gated: false,
    };
    let operations = [
        (Structural::Sum, vec![0]),
        (Structural::Dot, vec![0, 0]),
        (Structural::Norm, vec![0]),
        (Structural::LogSumExp, vec![0]),
        (Structural::Max, vec![0]),
        (Structural::Min, vec![0]),
        (Structural::CumulativeSum { from_back: false }, vec![0]),
        (back, vec![0]),
        (Structural::Broadcast { dim: 4 }, vec![1]),
        (Structural::Slice(span(1, 1, 2)), vec![0]),
        (Structural::Slice(span(3, -2, 2)), vec![0]),
        (Structural::Embed(span(2, 1, 1)), vec![1]),
        (Structural::Take(taken(4)), vec![0]),
        (Structural::Put(taken(6)), vec![0]),
        (places, vec![1, 1]),
        (Structural::concatenate(&[4, 1, 4]), vec![0, 1, 0]),
        (Structural::Where { mask: mask.clone() }, vec![0, 1]),
        (Structural::Where { mask }, vec![1, 0]),
        (product(matrix(3, 4)), vec![0]),
        (product(matrix(4, 3).transposed()), vec![0]),
        (product(matrix(12, 1)), vec![1]),
    ];
    for (op, operands) in operations {
        let what = op.name();
        let operands: Vec<Operand> = operands.into_iter().map(|at| x[at].clone()).collect();
        let y = tape.structural(op, &operands).unwrap();
        let y = tape.unary(UnaryOp::Sin, &y).unwrap();
        assert_agree(&mut tape, &[y], &x, what);
    }
}

#[test]
fn an_assigned_input_and_a_custom_operation_take_sweeps() {
    let mut tape = Tape::new();
    let x = leaves(&mut tape, &[vec![1.0, 2.0]]).remove(0);
    let y = tape
        .structural(
            Structural::Custom { key: 1, held: 0 },
            std::slice::from_ref(&x),
        )
        .unwrap();
    assert!(tape.linearize(&[(y.node, 2)], &[x.node]).is_none());
    let leaf = tape.leaf_of(x.node).unwrap();
    let again = tape.push_leaf_node(leaf, x.value).unwrap();
    assert!(tape.linearize(&[(again, 2)], &[x.node]).is_none());
}
