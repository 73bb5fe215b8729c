//! Numbers and vectors on the tape, as the rules see them: computing with them is recorded.

use std::cell::RefCell;
use std::mem;
use std::ops::{Add, Div, Mul, Neg, Sub};

use smallvec::SmallVec;

use super::record::Operand;
use super::{Error, NodeId, SINK, Tape};
use crate::array::{Rank, Shape, Value};
use crate::memory;
use crate::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, RealBase, RealBinary, RealUnary, Saved, UnaryOp,
    UnaryRule, UnaryVisitor,
};
use crate::structural::{Structural, binary_of, number_binary, number_unary};

/// A stretch of recording: the tape, and the vectors that are at hand meanwhile.
#[derive(Debug)]
pub(super) struct Session {
    tape: RefCell<Tape>,
    arrays: RefCell<Vec<Operand>>,
    error: RefCell<Option<Error>>,
}

/// A number or a vector, with its node if it has one: what the rows of elementwise operations see.
/// Constants of a row have no session, and need none: numbers make numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Traced<'s> {
    Number(f64, Rank),
    Scalar(&'s Session, NodeId, f64, Rank),
    Array(&'s Session, u32),
}

/// The answer of a comparison of traced values: one for all, or one for each entry.
#[derive(Clone, Debug)]
pub(super) enum Mask<'s> {
    One(bool),
    Each(&'s Session, Value),
}

/// A session, and the place that its tape goes back to: also where the work panics.
struct Open<'t> {
    home: &'t mut Tape,
    session: Session,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        mem::swap(self.home, self.session.tape.get_mut());
    }
}

impl Session {
    /// Runs `work`, which records, with the tape.
    ///
    /// # Errors
    /// If there was no memory for what is recorded.
    pub(super) fn run<T>(tape: &mut Tape, work: impl FnOnce(&Self) -> T) -> Result<T, Error> {
        let session = Self {
            tape: RefCell::new(mem::take(tape)),
            arrays: RefCell::default(),
            error: RefCell::default(),
        };
        let open = Open {
            home: tape,
            session,
        };
        let result = work(&open.session);
        let error = open.session.error.take();
        error.map_or(Ok(result), Err)
    }

    /// Keeps an error for [`Session::finish`], which makes that the answer: what is computed with
    /// the nan until then is never seen.
    fn fail(&self, error: Error) -> Traced<'_> {
        self.error.borrow_mut().get_or_insert(error);
        Traced::number(f64::NAN)
    }

    /// Looks at the tape.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Tape) -> T) -> T {
        read(&self.tape.borrow())
    }

    /// Forgets the vectors at hand: no traced value of before may be used after.
    pub(super) fn forget_arrays(&self) {
        self.arrays.borrow_mut().clear();
    }
}

/// A traced value for an operand.
pub(super) fn traced<'s>(session: &'s Session, operand: Operand) -> Traced<'s> {
    match operand.value {
        Value::Number(number, rank) if operand.node == SINK => Traced::Number(number, rank),
        Value::Number(number, rank) => Traced::Scalar(session, operand.node, number, rank),
        Value::Array(_) => {
            let mut arrays = session.arrays.borrow_mut();
            memory::push(&mut arrays, operand);
            Traced::Array(session, arrays.len() as u32 - 1)
        }
    }
}

impl<'s> Traced<'s> {
    /// A constant number.
    pub(super) fn number(number: f64) -> Self {
        Self::Number(number, Rank::NUMBER)
    }

    /// The operand that a traced value stands for.
    pub(super) fn operand(self) -> Operand {
        match self {
            Self::Number(number, rank) => Operand::constant(Value::Number(number, rank)),
            Self::Scalar(_, node, number, rank) => Operand {
                node,
                value: Value::Number(number, rank),
            },
            Self::Array(session, index) => session.arrays.borrow()[index as usize].clone(),
        }
    }

    /// The value itself.
    pub(super) fn primal(self) -> Value {
        self.operand().value
    }

    /// The shape of the value.
    fn shape(self) -> Shape {
        match self {
            Self::Number(_, rank) | Self::Scalar(.., rank) => Shape::one(rank),
            Self::Array(session, index) => session.arrays.borrow()[index as usize].value.shape(),
        }
    }

    fn recorded(
        session: &'s Session,
        record: impl FnOnce(&mut Tape) -> Result<Operand, Error>,
    ) -> Self {
        let result = record(&mut session.tape.borrow_mut());
        match result {
            Ok(operand) => traced(session, operand),
            Err(error) => session.fail(error),
        }
    }

    pub(super) fn record_unary(self, op: UnaryOp) -> Self {
        match self {
            Self::Number(x, rank) => Self::Number(number_unary(op, x), rank),
            Self::Scalar(session, ..) | Self::Array(session, _) => {
                let x = differentiable(is_constant_unary(op), self.operand());
                Self::recorded(session, |tape| tape.unary(op, &x))
            }
        }
    }

    pub(super) fn record_binary(self, op: BinaryOp, other: Self) -> Self {
        if let Some(result) = simplified(op, self, other) {
            return result;
        }
        match (self, other) {
            (Self::Number(a, rank_a), Self::Number(b, rank_b)) => {
                Self::Number(number_binary(op, a, b), rank_a.max(rank_b))
            }
            (Self::Scalar(session, ..) | Self::Array(session, _), _)
            | (_, Self::Scalar(session, ..) | Self::Array(session, _)) => {
                let is_constant = is_constant_binary(op);
                let a = differentiable(is_constant, self.operand());
                let b = differentiable(is_constant, other.operand());
                Self::recorded(session, |tape| tape.binary(op, &a, &b))
            }
        }
    }
}

/// An operand, cut off where the derivative of the operation is 0 anyway: recorded, that 0 could
/// meet an infinite adjoint.
fn differentiable(is_constant: bool, operand: Operand) -> Operand {
    if is_constant {
        Operand::constant(operand.value)
    } else {
        operand
    }
}

fn is_constant_unary(op: UnaryOp) -> bool {
    struct Visitor;
    impl UnaryVisitor for Visitor {
        type Output = bool;
        fn visit<R: UnaryRule>(self) -> bool {
            R::is_locally_constant()
        }
    }
    op.visit(Visitor)
}

fn is_constant_binary(op: BinaryOp) -> bool {
    struct Visitor;
    impl BinaryVisitor for Visitor {
        type Output = bool;
        fn visit<R: BinaryRule>(self) -> bool {
            R::is_locally_constant()
        }
    }
    op.visit(Visitor)
}

/// What an operation comes to without recording it. Only laws that hold for every value, infinite
/// and nan among them: the result has the value and the derivatives of the operation itself.
fn simplified<'s>(op: BinaryOp, a: Traced<'s>, b: Traced<'s>) -> Option<Traced<'s>> {
    use Traced::Number;
    let (rank_a, rank_b) = (a.shape().rank(), b.shape().rank());
    let rank = rank_a.max(rank_b);
    let result = match (op, a, b) {
        (BinaryOp::Mul | BinaryOp::Gated, Number(1.0, _), other)
        | (BinaryOp::Mul | BinaryOp::Gated, other, Number(1.0, _))
        | (BinaryOp::Div | BinaryOp::Pow, other, Number(1.0, _)) => other,
        (BinaryOp::Mul | BinaryOp::Gated, Number(-1.0, _), other)
        | (BinaryOp::Mul | BinaryOp::Gated, other, Number(-1.0, _)) => -other,
        // Adding 0 changes at most the sign of a zero.
        (BinaryOp::Add, Number(0.0, _), other @ Traced::Scalar(..))
        | (BinaryOp::Add, other @ Traced::Scalar(..), Number(0.0, _))
        | (BinaryOp::Sub, other @ Traced::Scalar(..), Number(0.0, _)) => other,
        // A partial of 0 under a finite adjoint is 0 whatever the adjoint comes to be.
        (BinaryOp::Gated, Traced::Scalar(_, _, y_bar, _), Number(0.0, _)) if y_bar.is_finite() => {
            Number(0.0, rank)
        }
        (BinaryOp::Gated, Number(0.0, _), Traced::Scalar(..) | Number(..)) => Number(0.0, rank),
        _ => return None,
    };
    // Where only the constant has an axis, the result is another node.
    (result.shape().rank() == rank).then_some(result)
}

macro_rules! operators {
    ($($trait:ident $method:ident $Op:ident),*) => {$(
        impl $trait for Traced<'_> {
            type Output = Self;
            fn $method(self, other: Self) -> Self { self.record_binary(BinaryOp::$Op, other) }
        }
    )*};
}

operators!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div);

impl Neg for Traced<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.record_unary(UnaryOp::Neg)
    }
}

impl<'s> RealBase for Traced<'s> {
    type Mask = Mask<'s>;

    fn constant(value: f64) -> Self {
        Self::number(value)
    }

    fn select(mask: Mask<'s>, a: Self, b: Self) -> Self {
        match mask {
            Mask::One(true) => a,
            Mask::One(false) => b,
            Mask::Each(session, mask) => {
                structural_in(session, &Structural::Where { mask }, &[a, b])
            }
        }
    }

    fn both(a: Mask<'s>, b: Mask<'s>) -> Mask<'s> {
        match (a, b) {
            (Mask::One(true), other) | (other, Mask::One(true)) => other,
            (Mask::One(false), _) | (_, Mask::One(false)) => Mask::One(false),
            (Mask::Each(session, a), Mask::Each(_, b)) => {
                Mask::Each(session, binary_of(BinaryOp::Mul, &a, &b))
            }
        }
    }

    fn lt(self, other: Self) -> Mask<'s> {
        self.compare(other, |a, b| a < b)
    }

    fn equals(self, other: Self) -> Mask<'s> {
        self.compare(other, |a, b| a == b)
    }
}

impl<'s> Traced<'s> {
    fn compare(self, other: Self, holds: impl Fn(f64, f64) -> bool) -> Mask<'s> {
        use Traced::{Array, Number, Scalar};
        match (self, other) {
            (Number(a, _) | Scalar(.., a, _), Number(b, _) | Scalar(.., b, _)) => {
                Mask::One(holds(a, b))
            }
            (Array(session, _), _) | (_, Array(session, _)) => {
                match Value::mask(&self.primal(), &other.primal(), holds) {
                    Ok(mask) => Mask::Each(session, mask),
                    Err(shapes) => {
                        session.fail(Error::Shape {
                            op: "where",
                            shapes,
                        });
                        Mask::One(false)
                    }
                }
            }
        }
    }
}

macro_rules! traced_unary {
    ($($(#[doc = $doc:literal])+ $name:ident = $Op:ident $row:tt)*) => {
        impl RealUnary for Traced<'_> {
            $(fn $name(self) -> Self { self.record_unary(UnaryOp::$Op) })*
        }
    };
}

macro_rules! traced_binary {
    ($($(#[doc = $doc:literal])+ $name:ident = $Op:ident $row:tt)*) => {
        impl RealBinary for Traced<'_> {
            $(fn $name(self, b: Self) -> Self { self.record_binary(BinaryOp::$Op, b) })*
        }
    };
}

crate::for_each_unary!(traced_unary);
crate::for_each_binary!(traced_binary);

/// An operation on whole vectors, recorded.
pub(super) fn structural_in<'s>(
    session: &'s Session,
    op: &Structural,
    operands: &[Traced<'s>],
) -> Traced<'s> {
    let operands: SmallVec<[Operand; 4]> =
        memory::collect_few(operands.iter().map(|operand| operand.operand()));
    Traced::recorded(session, |tape| tape.structural(op.clone(), &operands))
}

/// A cotangent or tangent brought to a shape: spread if it has one entry, summed if that has.
pub(super) fn reshaped<'s>(session: &'s Session, bar: Traced<'s>, shape: Shape) -> Traced<'s> {
    let own = bar.shape();
    if own == shape {
        return bar;
    }
    let dim = shape.dim();
    let bar = if own.dim() == dim {
        bar
    } else if dim == 1 {
        structural_in(session, &Structural::Sum, &[bar])
    } else {
        structural_in(session, &Structural::Broadcast { dim }, &[bar])
    };
    if bar.shape() == shape {
        return bar;
    }
    Traced::recorded(session, |tape| tape.ranked(&bar.operand(), shape.rank()))
}

/// The partial of an elementwise operation of one argument, recorded.
pub(super) fn unary_partial<'s>(op: UnaryOp, x: Traced<'s>, y: Traced<'s>) -> Traced<'s> {
    struct Visitor<'s>(Saved<Traced<'s>>);
    impl<'s> UnaryVisitor for Visitor<'s> {
        type Output = Traced<'s>;
        fn visit<R: UnaryRule>(self) -> Traced<'s> {
            R::partial(self.0)
        }
    }
    op.visit(Visitor(Saved { a: x, b: x, y }))
}

/// A partial of an elementwise operation of two arguments, recorded.
pub(super) fn binary_partial<'s>(
    op: BinaryOp,
    index: usize,
    saved: Saved<Traced<'s>>,
) -> Traced<'s> {
    struct Visitor<'s>(usize, Saved<Traced<'s>>);
    impl<'s> BinaryVisitor for Visitor<'s> {
        type Output = Traced<'s>;
        fn visit<R: BinaryRule>(self) -> Traced<'s> {
            if self.0 == 0 {
                R::partial_a(self.1)
            } else {
                R::partial_b(self.1)
            }
        }
    }
    op.visit(Visitor(index, saved))
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use super::*;

    #[test]
    fn a_panic_while_recording_leaves_the_tape_where_it_was() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = Value::number(2.0);
        let node = tape.push_leaf(x.clone(), 1)?;
        let record = |session: &Session| {
            let x = traced(
                session,
                Operand {
                    node,
                    value: x.clone(),
                },
            );
            let _ = x * x;
            resume_unwind(Box::new("a rule panics"))
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| Session::run(&mut tape, record)));
        assert!(outcome.is_err());
        // The sink, the leaf and the product.
        assert_eq!(tape.len(), 3);
        assert_eq!(tape.leaf_of(node), Some(0));
        Ok(())
    }
}
