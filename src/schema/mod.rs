//! What a resource consists of, for front ends that draw their forms from it: the fixed fields, read from the types of the code, and
//! the organisation's own. Everyone may read it, and sees what they may write.

mod custom;
mod fixed;
mod labels;
mod model;
mod routes;

pub use routes::routes;
