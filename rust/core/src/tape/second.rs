//! The product of a Hessian and a direction, without recording: a tangent sweep up, then a reverse
//! sweep down that carries with each adjoint its tangent.
//!
//! This is forward over reverse: Griewank and Walther, Evaluating Derivatives, 2nd edition, 2008,
//! section 5.1. The recorded sweep, differentiated, computes the same sums in another order. Where
//! something infinite or nan takes part, the order decides which products an exact zero wins, so
//! that a result which is not finite is given up, and left to the recorded sweep.

use smallvec::SmallVec;

use super::elementwise::elementwise_pull_back;
use super::node::Record;
use super::plain_tangent::{ByRecord, IRREGULAR, Tangents};
use super::record::{binary_saves, unary_saves};
use super::values::Values;
use super::{Node, NodeId, Op, SINK, Tape};
use crate::array::{Shape, Value};
use crate::kernels::{self, Moving, MovingOperands, Operand, Side};
use crate::ops::{BinaryOp, UnaryOp, gated};
use crate::structural::dual::{DualValue, add, spread};
use crate::structural::{Span, Structural, add_at};

/// Adjoints and their tangents.
struct Bars {
    /// Of numbers, an adjoint and its tangent at twice the place of the node.
    numbers: Vec<f64>,
    /// Of vectors; `None` where nothing came.
    arrays: ByRecord<Option<DualValue>>,
}

impl Tape {
    /// The product of the Hessian of `output`, a number, and the directions that `inputs` change
    /// in: for each input its part.
    ///
    /// `None` if it cannot be had without recording: if a custom operation is on the way, an input
    /// is no leaf or was assigned another value, something older takes part, or the result is not
    /// finite.
    #[must_use]
    pub fn hessian_product(
        &mut self,
        output: NodeId,
        inputs: &[(NodeId, Value)],
    ) -> Option<Vec<Value>> {
        let is_plain = |id: NodeId| self.is_plain_leaf(id) && id <= output;
        if self.dim(output) != 1 || !inputs.iter().all(|(id, _)| is_plain(*id)) {
            return None;
        }
        let tangents = self.tangents(output, inputs)?;
        let arrays = [self.scratch.take(), self.scratch.take()];
        let numbers = self.scratch.take();
        let values = Values::new(self, tangents.first, output, arrays)?;
        let bars = sweep(self, &tangents, &values, output, numbers);
        let products: Vec<Value> = inputs
            .iter()
            .map(|(id, _)| bars.dot(self, &tangents, *id))
            .collect();
        let [first, second] = values.into_arrays();
        for array in [first, second, bars.numbers, tangents.numbers] {
            self.scratch.put(array);
        }
        let is_finite = |product: &Value| product.as_slice().iter().all(|x| x.is_finite());
        products.iter().all(is_finite).then_some(products)
    }
}

fn sweep(
    tape: &Tape,
    tangents: &Tangents,
    values: &Values<'_>,
    output: NodeId,
    mut numbers: Vec<f64>,
) -> Bars {
    numbers.resize(2 * tangents.numbers.len(), 0.0);
    let mut bars = Bars {
        numbers,
        arrays: tangents.arrays.like(),
    };
    bars.add_number(tangents, output, [1.0, 0.0]);
    for id in (tangents.first..=output).rev() {
        let node = tape.node(id);
        let [bar, dot] = bars.number(tangents, id);
        if node.tag & IRREGULAR != 0 {
            bars.pull_back_irregular(tape, tangents, id, [bar, dot]);
        } else if bar != 0.0 || dot != 0.0 {
            let [aa, ab, ba, bb] = *values.curvature(id);
            let (a_dot, b_dot) = (tangents.number(node.a), tangents.number(node.b));
            let partial_dots = [aa * a_dot + ab * b_dot, ba * a_dot + bb * b_dot];
            let operands = [(node.a, node.partial_a), (node.b, node.partial_b)];
            for ((operand, partial), partial_dot) in operands.into_iter().zip(partial_dots) {
                let own = gated(dot, partial) + gated(bar, partial_dot);
                bars.add_number(tangents, operand, [gated(bar, partial), own]);
            }
        }
    }
    bars
}

impl Bars {
    /// The tangent of the adjoint of a leaf.
    fn dot(&self, tape: &Tape, tangents: &Tangents, id: NodeId) -> Value {
        let (node, shape) = (tape.node(id), tape.shape(id));
        if shape.dim() == 1 {
            return Value::Number(self.number(tangents, id)[1], shape.rank());
        }
        let bar = self.arrays.get(node.record).and_then(Option::as_ref);
        let dot = bar.and_then(|bar| bar.tangent.clone());
        dot.unwrap_or_else(|| Value::filled(shape, 0.0))
    }

    #[inline(always)]
    fn number(&self, tangents: &Tangents, node: NodeId) -> [f64; 2] {
        self.numbers.as_chunks().0[tangents.place(node)]
    }

    #[inline(always)]
    fn add_number(&mut self, tangents: &Tangents, node: NodeId, [bar, dot]: [f64; 2]) {
        let sum = &mut self.numbers.as_chunks_mut().0[tangents.place(node)];
        let sum: &mut [f64; 2] = sum;
        sum[0] += bar;
        sum[1] += dot;
    }

    /// The adjoint of the vector `node` and its tangent, to be added to in place.
    fn array_mut(&mut self, tape: &Tape, node: NodeId, shape: Shape) -> Option<[&mut [f64]; 2]> {
        let place = self.arrays.get_mut(tape.node(node).record)?;
        let zeros = || Value::filled(shape, 0.0);
        let bar = place.get_or_insert_with(|| DualValue::fixed(zeros()));
        let dot = bar.tangent.get_or_insert_with(zeros);
        Some([bar.value.make_mut(), dot.make_mut()])
    }

    /// Adds to the adjoint of an operand, of which the contribution may be a broadcast.
    fn add(
        &mut self,
        tape: &Tape,
        tangents: &Tangents,
        node: NodeId,
        shape: Shape,
        bar: DualValue,
    ) {
        if node < tangents.first {
            return;
        }
        let dim = shape.dim();
        let shaped = |bar: Value| match bar.dim() {
            own if own == dim => bar,
            _ if dim == 1 => Value::number(kernels::sum(bar.as_slice())),
            _ => spread(bar, shape),
        };
        let (value, tangent) = (shaped(bar.value), bar.tangent.map(shaped));
        if let (1, Some(number)) = (dim, value.as_number()) {
            let dot = tangent.and_then(|dot| dot.as_number());
            self.add_number(tangents, node, [number, dot.unwrap_or(0.0)]);
            return;
        }
        match self.arrays.get_mut(tape.node(node).record) {
            Some(Some(sum)) => {
                kernels::add_assign(sum.value.make_mut(), value.as_slice());
                if let Some(tangent) = tangent {
                    add(&mut sum.tangent, tangent);
                }
            }
            Some(place @ None) => *place = Some(DualValue { value, tangent }),
            None => {}
        }
    }

    /// An entry of a vector, or an operation with vectors.
    fn pull_back_irregular(
        &mut self,
        tape: &Tape,
        tangents: &Tangents,
        id: NodeId,
        [bar, dot]: [f64; 2],
    ) {
        let node = tape.node(id);
        if node.is_leaf() {
            return;
        }
        let is_reached = bar != 0.0 || dot != 0.0;
        if node.op == Op::Index {
            if is_reached
                && node.a >= tangents.first
                && let Some([bars, dots]) = self.array_mut(tape, node.a, tape.shape(node.a))
            {
                bars[node.record as usize] += bar;
                dots[node.record as usize] += dot;
            }
            return;
        }
        let Some(record) = tape.record_of(node) else {
            return;
        };
        let y_bar = if record.shape.dim() == 1 {
            is_reached.then_some(DualValue {
                value: Value::Number(bar, node.rank),
                tangent: (dot != 0.0).then_some(Value::Number(dot, node.rank)),
            })
        } else {
            self.arrays.get_mut(node.record).and_then(Option::take)
        };
        if let Some(y_bar) = y_bar {
            self.pull_back(tape, tangents, id, record, y_bar);
        }
    }

    fn pull_back(
        &mut self,
        tape: &Tape,
        tangents: &Tangents,
        id: NodeId,
        record: &Record,
        y_bar: DualValue,
    ) {
        let node = tape.node(id);
        if let (Op::Structural, Some(Structural::Slice(span))) = (node.op, &record.structural)
            && record.inputs[0].shape.dim() != 1
        {
            self.pull_back_slice(tape, tangents, record, *span, &y_bar);
            return;
        }
        let saved = Saved::new(tape, tangents, id, record);
        for (index, input) in record.inputs.iter().enumerate() {
            if input.node == SINK {
                continue;
            }
            let bar = match (node.op, &record.structural) {
                (Op::Unary(op), _) => saved.pull_back_unary(op, node, &y_bar),
                (Op::Binary(op), _) => saved.pull_back_binary(op, index, node, &y_bar),
                (Op::Structural, Some(op)) => Some(saved.pull_back_structural(op, index, &y_bar)),
                (Op::Identity, _) => Some(y_bar.clone()),
                (Op::Sink | Op::Leaf | Op::Index | Op::Structural, _) => None,
            };
            if let Some(bar) = bar {
                self.add(tape, tangents, input.node, input.shape, bar);
            }
        }
    }

    /// In place: a loop over the entries of a vector must not cost its length each time.
    fn pull_back_slice(
        &mut self,
        tape: &Tape,
        tangents: &Tangents,
        record: &Record,
        span: Span,
        y_bar: &DualValue,
    ) {
        let input = &record.inputs[0];
        if input.node < tangents.first {
            return;
        }
        if let Some([bars, dots]) = self.array_mut(tape, input.node, input.shape) {
            add_at(bars, span, y_bar.value.as_slice());
            if let Some(dot) = &y_bar.tangent {
                add_at(dots, span, dot.as_slice());
            }
        }
    }
}

/// What a node with a record keeps, and how it changes.
struct Saved<'t> {
    record: &'t Record,
    changes: SmallVec<[Option<Value>; 2]>,
    y_change: Option<Value>,
}

impl<'t> Saved<'t> {
    fn new(tape: &Tape, tangents: &Tangents, id: NodeId, record: &'t Record) -> Self {
        let change = |node, shape| tangents.value(tape, node, shape);
        let inputs = record.inputs.iter();
        Self {
            record,
            changes: inputs
                .map(|input| change(input.node, input.shape))
                .collect(),
            y_change: change(id, record.shape),
        }
    }

    /// The pullback where the partial does not change.
    fn pull_back_fixed(&self, node: &Node, index: usize, y_bar: &DualValue) -> Option<DualValue> {
        let pull_back = |bar: &Value| elementwise_pull_back(node.op, index, self.record, bar);
        Some(DualValue {
            value: pull_back(&y_bar.value)?,
            tangent: y_bar.tangent.as_ref().and_then(pull_back),
        })
    }

    fn pull_back_unary(&self, op: UnaryOp, node: &Node, y_bar: &DualValue) -> Option<DualValue> {
        let [reads_x, reads_y] = unary_saves(op);
        let change = self.changes[0].as_ref();
        if change.is_none() || !(reads_x || reads_y) {
            return self.pull_back_fixed(node, 0, y_bar);
        }
        let shape = self.record.shape;
        let filled = |change: &Option<Value>| {
            let change = change.clone();
            change.unwrap_or_else(|| Value::filled(shape, 0.0))
        };
        let (x_dot, y_dot) = (filled(&self.changes[0]), filled(&self.y_change));
        let y_bar_dot = filled(&y_bar.tangent);
        let moving = |value: &'t Value, tangent| Moving {
            value: value.as_slice(),
            tangent,
        };
        let x = self.record.inputs[0].saved.as_ref();
        let y = self.record.output.as_ref();
        // All of it is written.
        let mut bar_dot = Value::build(shape, |_| {});
        let bar = Value::build(shape, |bar| {
            let y_bar = Moving {
                value: y_bar.value.as_slice(),
                tangent: y_bar_dot.as_slice(),
            };
            let x = x.map(|x| moving(x, x_dot.as_slice()));
            let y = y.map(|y| moving(y, y_dot.as_slice()));
            kernels::unary_second(op, x, y, y_bar, (bar, bar_dot.make_mut()));
        });
        Some(DualValue {
            value: bar,
            tangent: Some(bar_dot),
        })
    }

    fn pull_back_binary(
        &self,
        op: BinaryOp,
        index: usize,
        node: &Node,
        y_bar: &DualValue,
    ) -> Option<DualValue> {
        let mut bar = self.pull_back_fixed(node, index, y_bar)?;
        let changes = [
            self.changes[0].as_ref(),
            self.changes[1].as_ref(),
            self.y_change.as_ref(),
        ];
        let reads = binary_saves(op, [index == 0, index == 1]);
        if !(0..3).any(|k| reads[k] && changes[k].is_some()) {
            return Some(bar);
        }
        let dim = self.record.shape.dim();
        let [a, b] = [0, 1].map(|k: usize| self.record.inputs[k].saved.as_ref());
        let saved = MovingOperands {
            values: [a, b, self.record.output.as_ref()].map(|value| operand_of(value, dim)),
            tangents: changes.map(|change| operand_of(change, dim)),
        };
        let side = if index == 0 { Side::A } else { Side::B };
        let mut dot = bar
            .tangent
            .unwrap_or_else(|| Value::filled(self.record.shape, 0.0));
        kernels::add_binary_change(op, side, saved, y_bar.value.as_slice(), dot.make_mut());
        bar.tangent = Some(dot);
        Some(bar)
    }

    fn pull_back_structural(&self, op: &Structural, index: usize, y_bar: &DualValue) -> DualValue {
        let dual = |value: Option<&Value>, change: &Option<Value>| DualValue {
            value: value.cloned().unwrap_or(Value::number(f64::NAN)),
            tangent: change.clone(),
        };
        let inputs = self.record.inputs.iter().zip(&self.changes);
        let operands: SmallVec<[DualValue; 2]> = inputs
            .map(|(input, change)| dual(input.saved.as_ref(), change))
            .collect();
        let y = dual(self.record.output.as_ref(), &self.y_change);
        op.pull_back(index, &operands, &y, y_bar)
    }
}

/// What a loop reads: nothing where there is nothing.
fn operand_of(value: Option<&Value>, dim: usize) -> Operand<'_> {
    value.map_or(Operand::Number(0.0), |value| {
        Operand::new(value.as_slice(), dim)
    })
}
