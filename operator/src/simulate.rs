//! `order-pipeline-operator simulate`: a consumer group in closed loop with a scaler, second by second.
//!
//! Pure: no clock, no I/O but the file and the two streams that the command itself reads and writes. Parts: `group`
//! (the model), `load` (what comes in), `run` (the loop and its measures), `drawing` (the SVG), `command` (flags and
//! output). The benchmark of the published rules of others drives the same model.

mod command;
mod drawing;
mod group;
mod load;
mod run;

pub use command::{SimulateArgs, simulate};
pub use drawing::drawing;
pub use group::{Group, Setup};
pub use load::{Load, LoadError, Shape};
pub use run::{Choice, Frame, Measures, Recording, ours, run};
