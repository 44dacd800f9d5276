//! Lists: typed filters, sort, keyset cursors, and the page that answers.

pub mod custom;
mod keyset;
mod moment;
mod page;
mod query;
mod rows_query;
pub mod search;
mod sort;
mod within_reach;
mod words;

pub use custom::{ByCustom, CustomFilter, CustomSort};
pub use keyset::{After, Beyond, SortBy, SortKey, SortValue, keyset};
pub use moment::{Absent, Moment, Presence};
pub use page::Page;
pub use query::{ListQuery, MAX_LIMIT, PageParams};
pub use rows_query::RowsQuery;
pub use search::{Spelling, search};
pub use sort::{By, Sort};
pub use within_reach::{keyset_custom, keyset_ranked, keyset_within};
pub use words::Words;
