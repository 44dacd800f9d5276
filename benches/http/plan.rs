//! How large the data is, and how long is measured.

/// How many managers only read. The first ones of all.
pub const READERS: u32 = 32;
/// How many managers write: those after the readers, so that what is read stays as it was loaded.
pub const WRITERS: u32 = 32;
/// How many drafts of ten lines wait to be submitted: more than any run can submit.
pub const DRAFTS: u32 = 24_000;
/// How many of them, the last ones, are pgbench's.
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
    /// How often each thing is measured; the median counts.
    pub rounds: u32,
    /// How long each time.
    pub seconds: u32,
    /// At how many connections.
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

    /// The short one, under two minutes: to see whether something got much slower.
    pub const SHORT: Self =
        Self { name: "short", clients: 100_000, managers: 100, rounds: 1, seconds: 1, connections: &[16, USUAL, 256] };

    /// How many clients each manager has.
    pub const fn each(&self) -> u32 {
        self.clients / self.managers
    }
}
