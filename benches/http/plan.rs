//! How large the data is, and how long the measurement takes.

/// How many managers only read: the first ones.
pub const READERS: u32 = 32;
/// How many managers write: the ones after the readers, so that the rows that are read stay as they were loaded.
pub const WRITERS: u32 = 32;
/// How many drafts of ten lines wait to be submitted: more than any run can submit.
pub const DRAFTS: u32 = 24_000;
/// How many of the drafts pgbench may use: the last ones.
pub const PGBENCH_DRAFTS: u32 = 4_000;
/// What clients' names are made of: forty syllables of three letters.
pub const SYLLABLES: &str = "banborbulcerdafdelfingolhalhuljasjunkarkimlendolmarminnatnorolapetquirakremsalsettivtolulavenwalwesxenyaryolzenzitbrefli";
/// How many connections the figures of the chart and of the first table are for.
pub const USUAL: u32 = 64;

/// What is measured, and for how long.
pub struct Plan {
    /// How the report names it.
    pub name: &'static str,
    /// How many clients the company has. The other tables follow from it.
    pub clients: u32,
    /// How many managers it has.
    pub managers: u32,
    /// How often each operation is measured; the median counts.
    pub rounds: u32,
    /// How many seconds each measurement takes.
    pub seconds: u32,
    /// The numbers of connections to measure at.
    pub connections: &'static [u32],
}

impl Plan {
    /// The full run, under 15 minutes.
    pub const FULL: Self = Self {
        name: "full",
        clients: 1_000_000,
        managers: 250,
        rounds: 3,
        seconds: 3,
        connections: &[1, 16, USUAL, 256],
    };

    /// The short run, under two minutes, to see whether something became much slower.
    pub const SHORT: Self =
        Self { name: "short", clients: 100_000, managers: 100, rounds: 1, seconds: 1, connections: &[16, USUAL, 256] };

    /// How many clients each manager has.
    pub const fn each(&self) -> u32 {
        self.clients / self.managers
    }
}
