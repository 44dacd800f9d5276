//! The actions that a [`super::scope::Scope`] can be for. An action of only one slice is defined in that slice.

/// Something that can be done to a resource.
pub trait Action: 'static {
    /// Its name, the second half of a permission.
    const NAME: &'static str;
    /// Whether the members of a client's account team may do it as the client's owner may.
    const BY_HELPERS: bool = true;
    /// Whether the reach `team` of a key-account manager covers the whole team, and not only its key clients.
    const TO_WHOLE_TEAM: bool = false;
}

/// See it.
#[derive(Debug)]
pub enum Read {}
impl Action for Read {
    const NAME: &'static str = "read";
}

/// See and set its confidential fields.
#[derive(Debug)]
pub enum ReadConfidential {}
impl Action for ReadConfidential {
    const NAME: &'static str = "read_confidential";
    const BY_HELPERS: bool = false;
}

/// Make a new one.
#[derive(Debug)]
pub enum Create {}
impl Action for Create {
    const NAME: &'static str = "create";
}

/// Change it.
#[derive(Debug)]
pub enum Update {}
impl Action for Update {
    const NAME: &'static str = "update";
}

/// Delete it.
#[derive(Debug)]
pub enum Delete {}
impl Action for Delete {
    const NAME: &'static str = "delete";
}

/// Erase the personal data in it.
#[derive(Debug)]
pub enum Erase {}
impl Action for Erase {
    const NAME: &'static str = "erase";
    const BY_HELPERS: bool = false;
}

/// Take out all that is held on the person behind it.
#[derive(Debug)]
pub enum ReadPersonalData {}
impl Action for ReadPersonalData {
    const NAME: &'static str = "read_personal_data";
    const BY_HELPERS: bool = false;
}
