//! The values of a stretch of the tape, computed again, and the second derivatives of its scalar
//! operations.

use super::plain_tangent::IRREGULAR;
use super::{Node, NodeId, Op, SINK, Tape};
use crate::memory;
use crate::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, Dual, Saved, UnaryOp, UnaryRule, UnaryVisitor,
};

/// How the partials of a scalar operation change with its operands: the first partial with each,
/// then the second with each.
pub(super) type Curvature = [f64; 4];

/// Values and curvatures from the node `first` on.
#[derive(Debug)]
pub(super) struct Values<'t> {
    tape: &'t Tape,
    first: NodeId,
    /// By the distance of the node from the first.
    numbers: Vec<f64>,
    /// Four for each node.
    curvatures: Vec<f64>,
}

impl<'t> Values<'t> {
    /// Values up to `output`; `None` where one is not of this stretch.
    pub(super) fn new(
        tape: &'t Tape,
        first: NodeId,
        output: NodeId,
        [numbers, curvatures]: [Vec<f64>; 2],
    ) -> Option<Self> {
        let mut values = Self {
            tape,
            first,
            numbers,
            curvatures,
        };
        let count = (output - first) as usize + 1;
        memory::reserve(&mut values.numbers, count);
        memory::reserve(&mut values.curvatures, 4 * count);
        for id in first..=output {
            let (number, curvature) = values.locals(id)?;
            values.numbers.push(number);
            values.curvatures.extend_from_slice(&curvature);
        }
        Some(values)
    }

    /// The curvature of a scalar operation.
    #[inline(always)]
    pub(super) fn curvature(&self, node: NodeId) -> &Curvature {
        &self.curvatures.as_chunks().0[(node - self.first) as usize]
    }

    /// Gives the arrays back.
    pub(super) fn into_arrays(self) -> [Vec<f64>; 2] {
        [self.numbers, self.curvatures]
    }

    /// The value of a node if it is a number, and its curvature if it is a scalar operation.
    #[inline(always)]
    fn locals(&self, id: NodeId) -> Option<(f64, Curvature)> {
        let node = self.tape.node(id);
        if node.tag & IRREGULAR != 0 {
            return Some((node.kept_number()?, [0.0; 4]));
        }
        Some(match node.op {
            Op::Unary(op) => {
                let x = self.number(node.a, node.partial_a)?;
                unary_locals(op, x, node.partial_a)
            }
            Op::Binary(op) => {
                let a = self.number(node.a, node.partial_a)?;
                let b = self.number(node.b, node.partial_b)?;
                binary_locals(op, a, b, node)
            }
            Op::Identity => (node.partial_b, [0.0; 4]),
            Op::Sink | Op::Leaf | Op::Structural | Op::Index => return None,
        })
    }

    #[inline(always)]
    fn number(&self, node: NodeId, constant: f64) -> Option<f64> {
        if node == SINK {
            return Some(constant);
        }
        Some(self.numbers[node.checked_sub(self.first)? as usize])
    }
}

/// Value and curvature of an operation of one argument, of which the partial is known.
fn unary_locals(op: UnaryOp, x: f64, partial: f64) -> (f64, Curvature) {
    struct Visitor(f64, f64);
    impl UnaryVisitor for Visitor {
        type Output = (f64, Curvature);
        fn visit<R: UnaryRule>(self) -> (f64, Curvature) {
            let Self(x, partial) = self;
            let y = R::value(x);
            let moving = dual(x, 1.0);
            let saved = Saved {
                a: moving,
                b: moving,
                y: dual(y, partial),
            };
            (y, [R::partial(saved).tangent, 0.0, 0.0, 0.0])
        }
    }
    op.visit(Visitor(x, partial))
}

/// The same for two arguments. What is constant has no derivative, and no partial: in its place is
/// the constant.
fn binary_locals(op: BinaryOp, a: f64, b: f64, node: &Node) -> (f64, Curvature) {
    struct Visitor<'n>(f64, f64, &'n Node);
    impl BinaryVisitor for Visitor<'_> {
        type Output = (f64, Curvature);
        fn visit<R: BinaryRule>(self) -> (f64, Curvature) {
            let Self(a, b, node) = self;
            let y = R::value(a, b);
            let mut curvature = [0.0; 4];
            let (has_a, has_b) = (node.a != SINK, node.b != SINK);
            if has_a {
                let along_a = Saved {
                    a: dual(a, 1.0),
                    b: dual(b, 0.0),
                    y: dual(y, node.partial_a),
                };
                curvature[0] = R::partial_a(along_a).tangent;
                if has_b {
                    curvature[2] = R::partial_b(along_a).tangent;
                }
            }
            if has_b {
                let along_b = Saved {
                    a: dual(a, 0.0),
                    b: dual(b, 1.0),
                    y: dual(y, node.partial_b),
                };
                curvature[3] = R::partial_b(along_b).tangent;
                if has_a {
                    curvature[1] = R::partial_a(along_b).tangent;
                }
            }
            (y, curvature)
        }
    }
    op.visit(Visitor(a, b, node))
}

#[inline(always)]
fn dual(value: f64, tangent: f64) -> Dual<f64> {
    Dual { value, tangent }
}
