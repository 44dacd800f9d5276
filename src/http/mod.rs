//! How one request travels: its address, its query, its body, its preconditions, and its answer.

pub mod address;
pub mod body;
mod both;
pub mod caller;
mod context;
mod description;
pub mod encoding;
mod endpoint;
pub mod etag;
mod field_errors;
mod fields;
pub mod html;
mod operations;
mod parts;
mod patch;
mod proxies;
mod put;
mod query;
pub mod reply;
mod router;
mod shown;
mod strict;
mod unchanging;
mod unlisted_proxy;
mod view;

pub use body::{Body, BodyDigest, MAX_BODY, MAX_BODY_BYTES, ReadTimeout, Upload, most_bytes, parse_document, read};
pub use both::ForBoth;
pub use context::{Deadline, RequestId, as_caller_writes, part, request_id, time_left};
pub use description::{Answers, Description, RequestHeader, Takes, problem_response_name};
pub(crate) use endpoint::endpoint;
pub use endpoint::{Endpoint, StepText};

pub use etag::{IfMatch, MaybeIfMatch, Tagged, encoded, version_tag};
pub use fields::Fields;
pub use operations::{Operation, Operations, Values};
pub use parts::Parts;
pub use patch::{Patch, PatchText, Terms};
pub use proxies::Proxies;
pub use put::{FromMembers, Put};
pub use query::{INCLUDE, NoParams, OneParams, Query, invalid_parameter, pairs, parse_query};
pub use reply::{Accepted, Answer, Changed, Created, CreatedOrChanged, NoContent, Plain, Reply, ReplyOf};
pub use router::{Router, Routes, not_served};
pub use shown::Shown;
pub use unchanging::Unchanging;
pub use view::View;
