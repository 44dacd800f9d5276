//! Who is calling, and what they may touch.

pub mod actions;
pub mod api_key;
pub mod caller;
pub mod key;
pub mod keys;
pub mod permission;
pub mod policy;
pub mod recent;
pub mod restriction;
pub mod role;
pub mod scope;
pub mod token;
pub mod within;
