//! Sweeps that do not come to their end leave the tape as it was.

use autograd_core::array::Value;
use autograd_core::ops::BinaryOp;
use autograd_core::structural::Structural;
use autograd_core::tape::{
    Error, NoHandles, NodeId, Operand, RecordedStep, RecordedSweep, SINK, Sweep, SweepStep,
    TangentStep, TangentSweep, Tape,
};

fn leaf(tape: &mut Tape, value: Value) -> Result<Operand, Error> {
    let node = tape.push_leaf(value.clone(), 1)?;
    Ok(Operand { node, value })
}

/// `custom(x * x) * x`, and the square: a sweep pauses between the two.
fn paused_graph(tape: &mut Tape, x: &Operand) -> Result<[Operand; 2], Error> {
    let square = tape.binary(BinaryOp::Mul, x, x)?;
    let custom = Structural::Custom { key: 7, held: 0 };
    let value = square.value.clone();
    let custom = tape.structural_with_value(custom, std::slice::from_ref(&square), value)?;
    Ok([tape.binary(BinaryOp::Mul, &custom, x)?, square])
}

fn one() -> Operand {
    Operand::constant(Value::number(1.0))
}

/// The gradient of a cube that is recorded anew.
fn gradient_of_cube(tape: &mut Tape, x: &Operand) -> Result<Option<f64>, Error> {
    let square = tape.binary(BinaryOp::Mul, x, x)?;
    let cube = tape.binary(BinaryOp::Mul, &square, x)?;
    let mut sweep = Sweep::to_nodes(tape, cube.node, Value::number(1.0), &[x.node]);
    assert!(matches!(sweep.run(tape), SweepStep::Done));
    let found = sweep.finish(tape).into_iter().next().flatten();
    Ok(found.and_then(|found| found.as_number()))
}

/// Whether a tape drops all but a leaf, and differentiates as before.
fn assert_is_as_new(mut tape: Tape, x: &Operand) -> Result<(), Error> {
    assert!(tape.can_reclaim());
    assert_eq!(gradient_of_cube(&mut tape, x)?, Some(12.0));
    let moved = tape.reclaim([x.node].into_iter());
    assert!(moved.has_survived(x.node));
    // The sink and the leaf.
    assert_eq!(tape.len(), 2);
    Ok(())
}

#[test]
fn a_reverse_sweep_that_is_dropped_half_way_leaves_nothing() -> Result<(), Error> {
    let mut tape = Tape::new();
    let x = leaf(&mut tape, Value::number(2.0))?;
    let [y, square] = paused_graph(&mut tape, &x)?;
    let wanted = [x.node, square.node];
    let mut sweep = Sweep::to_nodes(&mut tape, y.node, Value::number(1.0), &wanted);
    assert!(matches!(sweep.run(&mut tape), SweepStep::Custom(_)));
    assert!(!tape.can_reclaim());
    drop(sweep);
    assert_is_as_new(tape, &x)
}

#[test]
fn a_recorded_sweep_that_is_dropped_half_way_leaves_nothing() -> Result<(), Error> {
    let mut tape = Tape::new();
    let x = leaf(&mut tape, Value::number(2.0))?;
    let [y, _] = paused_graph(&mut tape, &x)?;
    let mut sweep = RecordedSweep::new(&mut tape, y.node, one(), &[x.node], &NoHandles);
    assert!(matches!(sweep.run(&mut tape)?, RecordedStep::Custom(_)));
    assert!(!tape.can_reclaim());
    drop(sweep);
    assert_is_as_new(tape, &x)
}

#[test]
fn a_tangent_sweep_that_is_dropped_half_way_leaves_nothing() -> Result<(), Error> {
    let mut tape = Tape::new();
    let x = leaf(&mut tape, Value::number(2.0))?;
    let [y, _] = paused_graph(&mut tape, &x)?;
    let mut sweep = TangentSweep::new(&mut tape, y.node, vec![(x.node, one())], Some(&NoHandles));
    assert!(matches!(sweep.run(&mut tape)?, TangentStep::Custom(_)));
    assert!(!tape.can_reclaim());
    drop(sweep);
    assert_is_as_new(tape, &x)
}

#[test]
fn a_sweep_bars_reclaiming_until_the_last_of_several_is_gone() -> Result<(), Error> {
    let mut tape = Tape::new();
    let x = leaf(&mut tape, Value::number(2.0))?;
    let outer = Sweep::to_leaves(&mut tape, x.node, Value::number(1.0));
    let inner = Sweep::to_leaves(&mut tape, x.node, Value::number(1.0));
    drop(outer);
    assert!(!tape.can_reclaim());
    inner.finish(&mut tape);
    assert!(tape.can_reclaim());
    Ok(())
}

/// A rule that differentiates by the same node in its own sweep, which comes to its end first.
#[test]
fn a_sweep_in_a_rule_does_not_take_what_the_outer_one_wants() -> Result<(), Error> {
    let mut tape = Tape::new();
    let x = leaf(&mut tape, Value::number(3.0))?;
    let doubled = tape.binary(BinaryOp::Add, &x, &x)?;
    let custom = Structural::Custom { key: 7, held: 0 };
    let value = Value::number(5.0);
    let y = tape.structural_with_value(custom, std::slice::from_ref(&doubled), value)?;
    let wanted: [NodeId; 1] = [doubled.node];
    let mut outer = Sweep::to_nodes(&mut tape, y.node, Value::number(1.0), &wanted);
    let SweepStep::Custom(paused) = outer.run(&mut tape) else {
        return Err(Error::Memory);
    };
    let square = tape.binary(BinaryOp::Mul, &doubled, &doubled)?;
    let mut inner = Sweep::to_nodes(&mut tape, square.node, Value::number(1.0), &wanted);
    inner.run(&mut tape);
    let found = inner.finish(&mut tape);
    // By hand: twice 6.
    assert_eq!(found[0].as_ref().and_then(Value::as_number), Some(12.0));
    outer.contribute_custom(&tape, &paused, 0, Value::number(7.0));
    outer.run(&mut tape);
    let found = outer.finish(&mut tape);
    assert_eq!(found[0].as_ref().and_then(Value::as_number), Some(7.0));
    assert_ne!(doubled.node, SINK);
    Ok(())
}
