//! How fast the deep pages of a list are.

use crate::{
    Result,
    measure::{Bench, Figures},
    operation::SUPERVISOR,
    server::json,
    template::request,
};

const LIST: &str = "/v1/clients?limit=50";
/// The number of the deep page.
const DEEP: u32 = 1000;
const CONNECTIONS: u32 = 16;

/// The first page of all clients, and the deep one.
pub struct Pages {
    /// The number of the deep page: the last page if there are fewer.
    pub deep: u32,
    /// The first page.
    pub first: Figures,
    /// The deep page.
    pub last: Figures,
}

impl Pages {
    /// Follows the pages as a caller does, and then measures the first and the deep one.
    pub fn measure(bench: &mut Bench<'_>) -> Result<Self> {
        let (mut path, mut deep) = (LIST.to_owned(), 1);
        while deep < DEEP {
            let token = bench.wrk.tokens.of(SUPERVISOR)?;
            let (status, answer) = bench.server.send(&request(&format!("GET {path}"), "", token, ""))?;
            let page = json(&answer).map_err(|error| format!("page {deep}: {status} {error}"))?;
            let Some(cursor) = page.get("next_cursor").and_then(|cursor| cursor.as_str()) else { break };
            path = format!("{LIST}&cursor={cursor}");
            deep += 1;
        }
        let first = bench.get(SUPERVISOR, LIST, CONNECTIONS)?;
        let last = bench.get(SUPERVISOR, &path, CONNECTIONS)?;
        Ok(Self { deep, first, last })
    }
}
