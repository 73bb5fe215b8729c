//! Numbers and vectors on the tape, as the rules see them: computing with them is recorded.

use std::cell::RefCell;
use std::mem;
use std::ops::{Add, Div, Mul, Neg, Sub};

use smallvec::SmallVec;

use super::record::Operand;
use super::{Error, NodeId, SINK, Tape};
use crate::array::{Rank, Shape, Value};
use crate::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, RealBase, RealBinary, RealUnary, Saved, UnaryOp,
    UnaryRule, UnaryVisitor,
};
use crate::structural::{Algebra, Structural};

/// A stretch of recording: the tape, and the vectors that are at hand meanwhile.
#[derive(Debug)]
pub(super) struct Session {
    tape: RefCell<Tape>,
    arrays: RefCell<Vec<Operand>>,
    error: RefCell<Option<Error>>,
}

/// A number or a vector, with its node if it has one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Traced<'s> {
    Number(f64, Rank),
    Scalar(&'s Session, NodeId, f64, Rank),
    Array(&'s Session, u32),
}

/// The answer of a comparison of traced values.
#[derive(Clone, Debug)]
pub(super) struct Mask<'s>(Value, Option<&'s Session>);

impl Session {
    /// Takes the tape for a while; [`Session::finish`] gives it back.
    pub(super) fn new(tape: &mut Tape) -> Self {
        Self {
            tape: RefCell::new(mem::take(tape)),
            arrays: RefCell::default(),
            error: RefCell::default(),
        }
    }

    /// Gives the tape back, and says what went wrong, if anything did.
    pub(super) fn finish(self, tape: &mut Tape) -> Result<(), Error> {
        *tape = self.tape.into_inner();
        self.error.into_inner().map_or(Ok(()), Err)
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
            arrays.push(operand);
            Traced::Array(session, arrays.len() as u32 - 1)
        }
    }
}

impl<'s> Traced<'s> {
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

    /// The shape of the value.
    fn shape(self) -> Shape {
        match self {
            Self::Number(_, rank) | Self::Scalar(.., rank) => Shape::one(rank),
            Self::Array(session, index) => session.arrays.borrow()[index as usize].value.shape(),
        }
    }

    /// The same value, where operations on it alone have a place for vectors.
    pub(super) fn in_session(self, session: &'s Session) -> Self {
        match self {
            Self::Number(number, rank) => Self::Scalar(session, SINK, number, rank),
            Self::Scalar(..) | Self::Array(..) => self,
        }
    }

    fn session(self) -> Option<&'s Session> {
        match self {
            Self::Number(..) => None,
            Self::Scalar(session, ..) | Self::Array(session, _) => Some(session),
        }
    }

    fn recorded(
        session: &'s Session,
        record: impl FnOnce(&mut Tape) -> Result<Operand, Error>,
    ) -> Self {
        let result = record(&mut session.tape.borrow_mut());
        match result {
            Ok(operand) => traced(session, operand),
            Err(error) => {
                session.error.borrow_mut().get_or_insert(error);
                Self::number(f64::NAN)
            }
        }
    }

    fn record_unary(self, op: UnaryOp) -> Self {
        match self.session() {
            None => {
                let Self::Number(x, rank) = self else {
                    return self;
                };
                Self::Number(crate::structural::number_unary(op, x), rank)
            }
            Some(session) => {
                let x = differentiable(is_constant_unary(op), self.operand());
                Self::recorded(session, |tape| tape.unary(op, &x))
            }
        }
    }

    fn record_binary(self, op: BinaryOp, other: Self) -> Self {
        if let Some(result) = simplified(op, self, other) {
            return result;
        }
        match self.session().or(other.session()) {
            None => {
                let (Self::Number(a, rank_a), Self::Number(b, rank_b)) = (self, other) else {
                    return self;
                };
                let rank = rank_a.max(rank_b);
                Self::Number(crate::structural::number_binary(op, a, b), rank)
            }
            Some(session) => {
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
        match mask.0 {
            Value::Number(chosen, _) => {
                if chosen != 0.0 {
                    a
                } else {
                    b
                }
            }
            array => structural_in(mask.1, &Structural::Where { mask: array }, &[a, b]),
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
        // The operands of a rule have shapes that go together.
        let answer = Value::mask(&self.primal(), &other.primal(), holds);
        let answer = answer.unwrap_or(Value::number(0.0));
        Mask(answer, self.session().or(other.session()))
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

impl Algebra for Traced<'_> {
    fn number(value: f64) -> Self {
        Self::Number(value, Rank::NUMBER)
    }

    fn constant(&self, value: Value) -> Self {
        match (value, self.session()) {
            (Value::Array(buffer), Some(session)) => {
                traced(session, Operand::constant(Value::Array(buffer)))
            }
            (value, _) => without_session(&value),
        }
    }

    fn primal(&self) -> Value {
        self.operand().value
    }

    fn unary(&self, op: UnaryOp) -> Self {
        self.record_unary(op)
    }

    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        self.record_binary(op, *other)
    }

    fn structural(op: &Structural, operands: &[Self]) -> Self {
        structural_in(
            operands.iter().find_map(|operand| operand.session()),
            op,
            operands,
        )
    }
}

pub(super) fn structural_in<'s>(
    session: Option<&'s Session>,
    op: &Structural,
    operands: &[Traced<'s>],
) -> Traced<'s> {
    let operands: SmallVec<[Operand; 4]> =
        operands.iter().map(|operand| operand.operand()).collect();
    if let Some(session) = session {
        return Traced::recorded(session, |tape| tape.structural(op.clone(), &operands));
    }
    let values: SmallVec<[Value; 4]> = operands.into_iter().map(|operand| operand.value).collect();
    without_session(&op.value(&values))
}

/// A constant. Without a session there is one entry only: more would have nowhere to go.
fn without_session<'s>(value: &Value) -> Traced<'s> {
    Traced::Number(value.as_number().unwrap_or(f64::NAN), value.rank())
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
        structural_in(Some(session), &Structural::Sum, &[bar])
    } else {
        structural_in(Some(session), &Structural::Broadcast { dim }, &[bar])
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
