//! The parameters of a verification, and its result.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use strum::AsRefStr;
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Action,
    change::audit_event::AuditEntryId,
    values::{Instant, Invalid},
};

/// Check whether the log is intact.
#[derive(Debug)]
pub enum Verify {}
impl Action for Verify {
    const NAME: &'static str = "verify";
}

/// What to verify.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerificationParams {
    /// The seal to begin with: 0, or the `next_seal` of the part before.
    #[serde(default)]
    #[param(minimum = 0, maximum = 2_147_483_647, default = 0)]
    pub from_seal: u32,
    /// Maximum number of seals in this part. A part also ends after 20,000 events.
    #[serde(default = "default_seals")]
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    pub limit: u16,
    /// A seal that was noted before, as `number:hash`, to check that it is still in the chain.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 84, pattern = "^[0-9]{1,19}:[0-9A-Fa-f]{64}$", example = "7:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0")]
    pub head: Option<Anchor>,
}

/// The greatest seal number to begin with.
pub const MAX_FROM_SEAL: u32 = i32::MAX.unsigned_abs();

/// Maximum number of seals in one part.
pub const MAX_SEALS: u16 = 1000;

fn default_seals() -> u16 {
    MAX_SEALS
}

/// A seal as it was noted outside the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The seal's number.
    pub number: i64,
    /// Its hash, in lower-case hexadecimal.
    pub hash: String,
}

impl std::str::FromStr for Anchor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (number, hash) = text.split_once(':').ok_or(Invalid::Value)?;
        let number = number.parse().ok().filter(|number| *number >= 0).ok_or(Invalid::Value)?;
        let hash = hash.to_ascii_lowercase();
        let sound = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
        sound.then_some(Self { number, hash }).ok_or(Invalid::Value)
    }
}

impl<'de> Deserialize<'de> for Anchor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Whether the log, or a part of it, is as the server wrote it.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"intact": true, "head": {"number": 7,
    "hash": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", "sealed_at": "2026-11-24T09:30:01Z"},
    "next_seal": null, "seals": 8, "events": 312, "erased": 0, "waiting": 1, "faults": []}))]
pub struct AuditVerification {
    /// Whether no fault was found.
    pub intact: bool,
    /// The newest seal. Note its number and hash outside the database: later they tell whether newer events were cut off.
    pub head: Option<Head>,
    /// Where the next part begins; `null` when this was the last one.
    #[schema(minimum = 0)]
    pub next_seal: Option<i64>,
    /// How many seals were verified.
    #[schema(minimum = 0)]
    pub seals: i64,
    /// How many events in these seals.
    #[schema(minimum = 0)]
    pub events: i64,
    /// How many of them had personal values that are erased, which is no fault.
    #[schema(minimum = 0)]
    pub erased: i64,
    /// How many events wait for a seal and were verified on their own; given only with the last part.
    #[schema(minimum = 0)]
    pub waiting: i64,
    /// The first 100 faults, by seal.
    #[schema(max_items = 100)]
    pub faults: Vec<Fault>,
}

impl AuditVerification {
    /// The same with faults that the server has seen itself.
    #[must_use]
    pub fn with(mut self, seen: Vec<Fault>) -> Self {
        for fault in seen {
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
        self.intact = self.faults.is_empty();
        self
    }
}

/// A seal of the chain.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditHead)]
pub struct Head {
    /// Its number.
    #[schema(minimum = 0)]
    pub number: i64,
    /// SHA-256 over its events and the seal before, in hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    pub hash: String,
    /// When it was made; `null` when the stored time is out of range.
    pub sealed_at: Option<Instant>,
}

/// Something that is not as the server wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = AuditFault)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The seal, when it is known.
    #[schema(minimum = 0)]
    pub seal: Option<i64>,
    /// The event, when it is known.
    pub event_id: Option<AuditEntryId>,
}

impl Fault {
    /// Something about a seal.
    pub(super) fn of_seal(kind: FaultKind, number: i64) -> Self {
        Self { kind, seal: Some(number), event_id: None }
    }

    /// Something about an event.
    pub(super) fn of_event(kind: FaultKind, seal: Option<i64>, id: uuid::Uuid) -> Self {
        Self { kind, seal, event_id: Some(id.into()) }
    }
}

/// For the command line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_ref())?;
        if let Some(seal) = self.seal {
            write!(f, " seal {seal}")?;
        }
        self.event_id.map_or(Ok(()), |event| write!(f, " event {event}"))
    }
}

/// What can be wrong with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema, AsRefStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = AuditFaultKind)]
pub enum FaultKind {
    /// An event is not as the server wrote it: it was changed, or made by someone else.
    EventChanged,
    /// An event was sealed, or waited for its seal, and is missing.
    EventRemoved,
    /// An event is in no seal of the chain and does not wait for one.
    EventInserted,
    /// A seal is not as the server made it, or its events are not exactly those that it sealed.
    SealChanged,
    /// A seal is missing.
    SealRemoved,
    /// A seal does not follow the one before it.
    ChainBroken,
    /// The chain ends before the head that was noted.
    TailCut,
    /// The seal with the number of the noted head has another hash.
    HeadDiffers,
    /// An event or a seal is signed with an unknown key. Without the master secret of that time, nobody can check
    /// whether it was changed.
    KeyUnknown,
    /// An event or a seal is signed with the key of a former master secret, after that secret was replaced.
    KeyReplaced,
}
