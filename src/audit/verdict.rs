//! Checks whether an event is authentic.

use aws_lc_rs::hmac;

use super::keys::{AuditKeys, Verdict};
use crate::change::{audit_event::Event, canonical};

impl Event {
    /// Whether the event is as the server wrote it, in the seal with this number. An event without a seal still waits
    /// for one, and counts as later than all seals. Erased personal values do not matter.
    pub fn verdict(&self, keys: &AuditKeys, seal: Option<i64>) -> Verdict {
        let personal = match (&self.personal, &self.personal_salt, &self.personal_digest) {
            (Some(personal), Some(salt), Some(known)) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, salt), &canonical::json(&personal.0), known).is_ok()
            }
            (None, None, _) => true,
            _ => false,
        };
        if !personal {
            return Verdict::Changed;
        }
        keys.verdict(&self.mac.0, &self.bytes(), seal.unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::{AuditKeys, Event, Verdict};
    use crate::{
        change::audit_event::{
            Code,
            tests::{event, key},
        },
        secrets::Secrets,
    };

    fn told(event: &Event) -> Verdict {
        event.verdict(&AuditKeys::of([key()]), None)
    }

    #[test]
    fn erasing_leaves_the_event_authentic_and_half_of_it_does_not() {
        let event = event();
        assert!(told(&event) == Verdict::Authentic && !event.is_erased());
        let erased = Event { personal: None, personal_salt: None, ..event.clone() };
        assert!(told(&erased) == Verdict::Authentic && erased.is_erased());
        for changed in [
            Event { personal: None, ..event.clone() },
            Event { personal_salt: None, ..event.clone() },
            Event { personal_digest: None, ..event.clone() },
            Event { mac: Code::default(), ..event.clone() },
        ] {
            assert_eq!(told(&changed), Verdict::Changed, "{changed:?}");
        }
        let other = Secrets::derive(&[2; 32]).unwrap().audit_key().clone();
        assert_eq!(event.verdict(&AuditKeys::of([other]), None), Verdict::Unknown);
    }
}
