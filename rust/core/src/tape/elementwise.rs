//! Pullbacks of elementwise operations on vectors, and what they do to tangents.

use super::Op;
use super::node::Record;
use crate::array::Value;
use crate::kernels::{self, Operand, SavedOperands, Side};
use crate::ops::{BinaryOp, BinaryRule, BinaryVisitor, Saved, UnaryOp};

/// Up to so many entries are summed where they are made, without storage of their own.
const FEW: usize = 64;

/// The contribution to one operand, an entry for each of the output.
pub(super) fn elementwise_pull_back(
    op: Op,
    index: usize,
    record: &Record,
    y_bar: &Value,
) -> Option<Value> {
    diagonal(&PULL_BACK, op, index, record, y_bar)
}

/// What the tangent of one operand, an entry for each of the output, contributes to that of the
/// output. The Jacobian is diagonal, so that it differs from a pullback by what a 0 comes to beside
/// a partial that is infinite or nan.
pub(super) fn elementwise_push_forward(
    op: Op,
    index: usize,
    record: &Record,
    change: &Value,
) -> Option<Value> {
    diagonal(&PUSH_FORWARD, op, index, record, change)
}

fn diagonal(loops: &Loops, op: Op, index: usize, record: &Record, from: &Value) -> Option<Value> {
    if has_unit_partial(op, index) {
        // Shared until somebody adds to it.
        return Some(from.clone());
    }
    let is_elementwise = matches!(op, Op::Unary(_) | Op::Binary(_));
    is_elementwise.then(|| {
        Value::build(record.shape, |to| {
            loops.write(op, index, record, from.as_slice(), to);
        })
    })
}

/// As [`elementwise_pull_back`], but for an operand that is a number, and of few entries, their sum.
pub(super) fn reshaped_pull_back(
    op: Op,
    index: usize,
    record: &Record,
    y_bar: &Value,
) -> Option<Value> {
    if record.inputs[index].shape.dim() != 1
        || record.shape.dim() > FEW
        || has_unit_partial(op, index)
    {
        return elementwise_pull_back(op, index, record, y_bar);
    }
    let mut entries = [0.0; FEW];
    let bar = &mut entries[..record.shape.dim()];
    PULL_BACK.write(op, index, record, y_bar.as_slice(), bar);
    Some(Value::number(kernels::sum(bar)))
}

type UnaryLoop = fn(UnaryOp, Option<&[f64]>, Option<&[f64]>, &[f64], &mut [f64]);
type BinaryLoop = fn(BinaryOp, Side, SavedOperands<'_>, &[f64], &mut [f64]);

/// The loops of one direction.
struct Loops {
    unary: UnaryLoop,
    binary: BinaryLoop,
}

const PULL_BACK: Loops = Loops {
    unary: kernels::unary_pull_back,
    binary: kernels::binary_pull_back,
};

const PUSH_FORWARD: Loops = Loops {
    unary: kernels::unary_push_forward,
    binary: kernels::binary_push_forward,
};

impl Loops {
    #[inline(always)]
    fn write(&self, op: Op, index: usize, record: &Record, change: &[f64], out: &mut [f64]) {
        let saved = |index: usize| record.inputs[index].saved.as_ref().map(Value::as_slice);
        let y = record.output.as_ref().map(Value::as_slice);
        match op {
            Op::Unary(op) => (self.unary)(op, saved(0), y, change, out),
            Op::Binary(op) => {
                let operand = |index| Some(Operand::new(saved(index)?, record.shape.dim()));
                let side = if index == 0 { Side::A } else { Side::B };
                (self.binary)(op, side, (operand(0), operand(1), y), change, out);
            }
            Op::Sink | Op::Leaf | Op::Structural | Op::Index | Op::Identity => {}
        }
    }
}

/// Whether the partial by an operand is 1, whatever the operands are: its rule keeps nothing.
fn has_unit_partial(op: Op, index: usize) -> bool {
    struct Visitor(usize);
    impl BinaryVisitor for Visitor {
        type Output = bool;
        fn visit<R: BinaryRule>(self) -> bool {
            let unread = Saved {
                a: f64::NAN,
                b: f64::NAN,
                y: f64::NAN,
            };
            match self.0 {
                0 => R::SAVES_FOR_A == [false; 3] && R::partial_a(unread) == 1.0,
                _ => R::SAVES_FOR_B == [false; 3] && R::partial_b(unread) == 1.0,
            }
        }
    }
    matches!(op, Op::Binary(op) if BinaryOp::visit(op, Visitor(index)))
}
