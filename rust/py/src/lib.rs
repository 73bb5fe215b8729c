//! The extension module `autograd_rs._core`: the binding of the core to Python, and thin.

mod anomaly;
mod arithmetic;
mod arrays;
mod convert;
mod custom;
mod decided;
mod derivatives;
mod dropped;
mod ended;
mod errors;
mod forward;
mod functions;
mod gradient;
mod hints;
mod hot;
mod indices;
mod jacobian;
mod lists;
mod masks;
mod methods;
mod modes;
mod numbers;
mod numpy_calls;
mod running;
mod second;
mod table;
mod transform;
mod transformed;
mod variable;
mod vector;

use pyo3::prelude::*;

/// The native part of autograd_rs.
#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    hot::interpreter::require_main()?;
    let py = module.py();
    let base = py.get_type::<variable::VariableBase>();
    module.add("Variable", hot::make_variable_type(&base)?)?;
    let base = py.get_type::<vector::VectorBase>();
    module.add("Vector", hot::make_vector_type(&base)?)?;
    module.add(
        "GradientDroppedWarning",
        py.get_type::<dropped::GradientDroppedWarning>(),
    )?;
    module.add_class::<transformed::TransformBase>()?;
    module.add_class::<modes::ModeBase>()?;
    hot::set_module_functions(module)?;
    for function in [
        wrap_pyfunction!(gradient::grad, module)?,
        wrap_pyfunction!(hot::front::native_grad, module)?,
        wrap_pyfunction!(hot::front::native_jvp, module)?,
        wrap_pyfunction!(gradient::input_of, module)?,
        wrap_pyfunction!(decided::better_mode, module)?,
        wrap_pyfunction!(transform::depend_on_others, module)?,
        wrap_pyfunction!(transform::which_depend_on_others, module)?,
        wrap_pyfunction!(ended::come_from_ended, module)?,
        wrap_pyfunction!(ended::end_arguments, module)?,
        wrap_pyfunction!(forward::push_forward, module)?,
        wrap_pyfunction!(transform::is_recording, module)?,
        wrap_pyfunction!(transform::is_tracked, module)?,
        wrap_pyfunction!(running::wants_arrays, module)?,
        wrap_pyfunction!(transform::call_differentiated, module)?,
        wrap_pyfunction!(second::hessian_product, module)?,
        wrap_pyfunction!(derivatives::derivatives, module)?,
        wrap_pyfunction!(gradient::graph, module)?,
        wrap_pyfunction!(custom::record_custom, module)?,
        wrap_pyfunction!(variable::restore_variable, module)?,
        wrap_pyfunction!(vector::restore_number, module)?,
        wrap_pyfunction!(functions::sum, module)?,
        wrap_pyfunction!(functions::mean, module)?,
        wrap_pyfunction!(functions::prod, module)?,
        wrap_pyfunction!(functions::max_of, module)?,
        wrap_pyfunction!(functions::min_of, module)?,
        wrap_pyfunction!(functions::norm, module)?,
        wrap_pyfunction!(functions::logsumexp, module)?,
        wrap_pyfunction!(functions::softmax, module)?,
        wrap_pyfunction!(functions::cumsum, module)?,
        wrap_pyfunction!(functions::dot, module)?,
        wrap_pyfunction!(functions::concatenate, module)?,
        wrap_pyfunction!(functions::stack, module)?,
        wrap_pyfunction!(functions::choose, module)?,
        wrap_pyfunction!(functions::clip, module)?,
        wrap_pyfunction!(table::ops, module)?,
        wrap_pyfunction!(table::tape_nodes, module)?,
        wrap_pyfunction!(table::reclaim, module)?,
    ] {
        module.add_function(function)?;
    }
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
