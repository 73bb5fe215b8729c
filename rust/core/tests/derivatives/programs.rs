//! Random programs: every sweep against differences, and against the others.

use crate::random::{Random, close};
use autograd_core::array::Value;
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::structural::{Span, Structural};
use autograd_core::tape::{
    NoHandles, Operand, RecordedStep, RecordedSweep, Sweep, SweepStep, TangentStep, TangentSweep,
    Tape,
};

const SMOOTH: [UnaryOp; 8] = [
    UnaryOp::Sin,
    UnaryOp::Cos,
    UnaryOp::Tanh,
    UnaryOp::Sigmoid,
    UnaryOp::Softplus,
    UnaryOp::Atan,
    UnaryOp::Erf,
    UnaryOp::Asinh,
];
const FIELD: [BinaryOp; 4] = [
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Mul,
    BinaryOp::Logaddexp,
];

/// One step of a program: what it does, and to which earlier values.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Unary(UnaryOp, usize),
    Binary(BinaryOp, usize, usize),
    Reduce(Structural, usize),
    Entry(usize, usize),
    Join(usize, usize),
}

pub(crate) fn program(random: &mut Random, inputs: usize) -> Vec<Step> {
    (0..12)
        .map(|step| {
            let known = inputs + step;
            let (a, b) = (random.below(known), random.below(known));
            match random.below(6) {
                0 | 1 => Step::Unary(SMOOTH[random.below(SMOOTH.len())], a),
                2 | 3 => Step::Binary(FIELD[random.below(FIELD.len())], a, b),
                4 => match random.below(5) {
                    0 => Step::Reduce(Structural::Sum, a),
                    1 => Step::Reduce(Structural::Norm, a),
                    2 => Step::Reduce(Structural::LogSumExp, a),
                    3 => Step::Reduce(Structural::CumulativeSum { from_back: false }, a),
                    _ => Step::Entry(a, random.below(100)),
                },
                _ => Step::Join(a, b),
            }
        })
        .collect()
}

/// Runs a program on the tape; operands whose shapes do not go together are reduced first.
pub(crate) fn run(tape: &mut Tape, program: &[Step], inputs: &[Operand]) -> Operand {
    let mut values = inputs.to_vec();
    for step in program {
        let value = match step {
            Step::Unary(op, a) => tape.unary(*op, &values[*a]).unwrap(),
            Step::Binary(op, a, b) => {
                let (mut a, b) = (values[*a].clone(), values[*b].clone());
                if a.value.dim() != b.value.dim() && a.value.dim() != 1 && b.value.dim() != 1 {
                    a = tape.structural(Structural::Sum, &[a]).unwrap();
                }
                tape.binary(*op, &a, &b).unwrap()
            }
            Step::Reduce(op, a) => tape.structural(op.clone(), &[values[*a].clone()]).unwrap(),
            Step::Entry(a, index) => {
                let dim = values[*a].value.dim();
                let span = Span::one(index % dim, dim);
                tape.structural(Structural::Slice(span), &[values[*a].clone()])
                    .unwrap()
            }
            Step::Join(a, b) => {
                let (a, b) = (values[*a].clone(), values[*b].clone());
                let joined = Structural::concatenate(&[a.value.dim(), b.value.dim()]);
                let joined = tape.structural(joined, &[a, b]).unwrap();
                if joined.value.dim() > 6 {
                    tape.structural(Structural::LogSumExp, &[joined]).unwrap()
                } else {
                    joined
                }
            }
        };
        values.push(value);
    }
    // All of it counts, so that no program is without a derivative for long.
    let mut total = Operand::constant(Value::Number(0.0));
    for value in values {
        let value = tape.unary(UnaryOp::Tanh, &value).unwrap();
        let sum = tape.structural(Structural::Sum, &[value]).unwrap();
        total = tape.binary(BinaryOp::Add, &total, &sum).unwrap();
    }
    total
}

pub(crate) fn leaves(tape: &mut Tape, inputs: &[Vec<f64>]) -> Vec<Operand> {
    inputs
        .iter()
        .map(|input| {
            let value = Value::from_slice(input);
            Operand {
                node: tape.push_leaf(value.clone(), 1).unwrap(),
                value,
            }
        })
        .collect()
}

fn value_at(program: &[Step], inputs: &[Vec<f64>]) -> f64 {
    let mut tape = Tape::new();
    let constants: Vec<Operand> = inputs
        .iter()
        .map(|input| Operand::constant(Value::from_slice(input)))
        .collect();
    run(&mut tape, program, &constants)
        .value
        .as_number()
        .unwrap()
}

fn gradient(tape: &mut Tape, output: &Operand, inputs: &[Operand]) -> Vec<Value> {
    let nodes: Vec<u32> = inputs.iter().map(|input| input.node).collect();
    let mut sweep = Sweep::to_nodes(tape, output.node, Value::Number(1.0), &nodes);
    assert!(matches!(sweep.run(tape), SweepStep::Done));
    let found = sweep.finish(tape);
    let zeros = |input: &Operand| Value::filled(input.value.dim(), 0.0);
    found
        .into_iter()
        .zip(inputs)
        .map(|(bar, input)| bar.unwrap_or_else(|| zeros(input)))
        .collect()
}

pub(crate) fn recorded_gradient(
    tape: &mut Tape,
    output: &Operand,
    inputs: &[Operand],
) -> Vec<Operand> {
    let nodes: Vec<u32> = inputs.iter().map(|input| input.node).collect();
    let seed = Operand::constant(Value::Number(1.0));
    let mut sweep = RecordedSweep::new(tape, output.node, seed, &nodes, &NoHandles);
    assert!(matches!(sweep.run(tape).unwrap(), RecordedStep::Done));
    let zeros = |input: &Operand| Operand::constant(Value::filled(input.value.dim(), 0.0));
    let found = sweep.finish(tape);
    found
        .into_iter()
        .zip(inputs)
        .map(|(bar, input)| bar.unwrap_or_else(|| zeros(input)))
        .collect()
}

fn difference(f: impl Fn(f64) -> f64) -> f64 {
    let central = |h: f64| (f(h) - f(-h)) / (2.0 * h);
    (4.0 * central(5e-4) - central(1e-3)) / 3.0
}

pub(crate) fn inputs(random: &mut Random) -> Vec<Vec<f64>> {
    let number = |random: &mut Random| random.between(-1.5, 1.5);
    vec![
        vec![number(random)],
        (0..3).map(|_| number(random)).collect(),
        (0..2).map(|_| number(random)).collect(),
    ]
}

#[test]
fn sweeps_of_random_programs_agree_with_differences_and_with_one_another() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let inputs = inputs(&mut random);
        let program = program(&mut random, inputs.len());
        let mut tape = Tape::new();
        let leaves = leaves(&mut tape, &inputs);
        let output = run(&mut tape, &program, &leaves);
        let bars = gradient(&mut tape, &output, &leaves);
        let recorded = recorded_gradient(&mut tape, &output, &leaves);
        for (place, input) in inputs.iter().enumerate() {
            for entry in 0..input.len() {
                let moved = |h: f64| {
                    let mut inputs = inputs.clone();
                    inputs[place][entry] += h;
                    value_at(&program, &inputs)
                };
                let (got, wanted) = (bars[place].as_slice()[entry], difference(moved));
                assert!(
                    close(got, wanted, 1e-7),
                    "{seed}: {got}, wanted {wanted}: {program:?}"
                );
                let again = recorded[place].value.as_slice()[entry];
                assert!(
                    close(got, again, 1e-12),
                    "{seed}: recorded {again}, plain {got}"
                );

                let mut direction = Value::filled(input.len(), 0.0);
                direction.make_mut()[entry] = 1.0;
                let change = vec![(leaves[place].node, Operand::constant(direction))];
                for recorded in [None, Some(&NoHandles)] {
                    let mut sweep =
                        TangentSweep::new(&mut tape, output.node, change.clone(), recorded);
                    assert!(matches!(sweep.run(&mut tape).unwrap(), TangentStep::Done));
                    let tangent = sweep.finish(&mut tape);
                    let tangent = tangent.map_or(0.0, |tangent| tangent.value.as_slice()[0]);
                    assert!(
                        close(got, tangent, 1e-12),
                        "{seed}: tangent {tangent}, plain {got}"
                    );
                }
            }
        }
    }
}

#[test]
fn second_derivatives_of_random_programs_agree_with_differences_of_gradients() {
    for seed in 1000..1150 {
        let mut random = Random::new(seed);
        let inputs = inputs(&mut random);
        let program = program(&mut random, inputs.len());
        let mut tape = Tape::new();
        let leaves = leaves(&mut tape, &inputs);
        let output = run(&mut tape, &program, &leaves);
        let first = recorded_gradient(&mut tape, &output, &leaves);
        for (place, bar) in first.iter().enumerate() {
            if bar.node == 0 {
                continue;
            }
            let total = tape
                .structural(Structural::Sum, std::slice::from_ref(bar))
                .unwrap();
            let second = gradient(&mut tape, &total, &leaves);
            for (other, input) in inputs.iter().enumerate() {
                for entry in 0..input.len() {
                    let moved = |h: f64| {
                        let mut inputs = inputs.clone();
                        inputs[other][entry] += h;
                        let mut tape = Tape::new();
                        let leaves = self::leaves(&mut tape, &inputs);
                        let output = run(&mut tape, &program, &leaves);
                        gradient(&mut tape, &output, &leaves)[place]
                            .as_slice()
                            .iter()
                            .sum()
                    };
                    let (got, wanted) = (second[other].as_slice()[entry], difference(moved));
                    assert!(close(got, wanted, 1e-6), "{seed}: {got}, wanted {wanted}");
                }
            }
        }
    }
}

#[test]
fn reclaiming_drops_the_dead_and_changes_no_gradient() {
    for seed in 2000..2100 {
        let mut random = Random::new(seed);
        let inputs = inputs(&mut random);
        let program = program(&mut random, inputs.len());
        let mut tape = Tape::new();
        let mut waste = leaves(&mut tape, &inputs);
        run(&mut tape, &program, &waste);
        let mut leaves = leaves(&mut tape, &inputs);
        run(&mut tape, &program, &waste);
        let mut output = run(&mut tape, &program, &leaves);
        run(&mut tape, &program, &leaves);
        let before = gradient(&mut tape, &output, &leaves);
        let nodes = tape.len();

        waste.clear();
        let roots: Vec<u32> = leaves
            .iter()
            .chain([&output])
            .map(|operand| operand.node)
            .collect();
        let moved = tape.reclaim(roots.into_iter());
        for operand in leaves.iter_mut().chain([&mut output]) {
            operand.node = moved.new_id(operand.node);
        }
        assert!(tape.len() < nodes / 2);
        let after = gradient(&mut tape, &output, &leaves);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.as_slice(), after.as_slice());
        }
    }
}

#[test]
fn a_chain_of_a_million_operations_is_swept_without_recursion() {
    let mut tape = Tape::new();
    let leaf = leaves(&mut tape, &[vec![1.0]]).remove(0);
    let mut x = leaf.clone();
    for _ in 0..1_000_000 {
        x = tape.unary(UnaryOp::Neg, &x).unwrap();
    }
    assert_eq!(
        gradient(&mut tape, &x, std::slice::from_ref(&leaf))[0].as_number(),
        Some(1.0)
    );
    let moved = tape.reclaim([leaf.node].into_iter());
    assert_eq!((moved.new_id(leaf.node), tape.len()), (1, 2));
}
