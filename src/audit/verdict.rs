//! What to think of an event.

use aws_lc_rs::hmac;

use super::keys::{AuditKeys, Verdict};
use crate::{
    change::{audit_event::Event, canonical},
    secrets::code_parts,
};

impl Event {
    /// Whether the event is as the server wrote it, in the seal of this number; one that waits is past all seals. Erased
    /// personal values do not matter.
    pub fn verdict(&self, keys: &AuditKeys, seal: Option<i64>) -> Verdict {
        let Some(mac) = &self.mac else { return Verdict::Changed };
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
        let seal = seal.unwrap_or(i64::MAX);
        match (code_parts(mac), self.api_key_id) {
            (Some(_), _) => keys.verdict(mac, &self.bytes(), seal),
            // As events were before they named keys.
            (None, None) => keys.verdict(mac, &self.fields("liaison audit event 1").into_bytes(), seal),
            (None, Some(_)) => Verdict::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AuditKeys, Event, Verdict};
    use crate::{
        change::{Origin, Outcome, audit_event::Content},
        secrets::{NamedKey, Secrets},
        values::Id,
    };

    fn key() -> NamedKey {
        Secrets::derive(&[1; 32]).unwrap().audit_key().clone()
    }

    fn told(event: &Event) -> Verdict {
        event.verdict(&AuditKeys::of([key()]), None)
    }

    fn event() -> Event {
        let Value::Object(changes) = json!({"name": {"from": null, "to": "Ann"}, "status": {"from": null, "to": "lead"},
            "note": {"from": null, "to": "Late", "confidential": true}, "reason": {"to": "Asked"}})
        else {
            unreachable!()
        };
        let content = Content {
            action: "created",
            resource: "clients",
            resource_id: Some(uuid::Uuid::now_v7()),
            client_id: None,
            outcome: Outcome::Done,
            changes,
            personal: &["name", "note"],
        };
        Event::new(&key(), content, &Origin::default(), "2026-11-24T10:00:00Z".parse().unwrap()).unwrap()
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
            Event { mac: None, ..event.clone() },
        ] {
            assert_eq!(told(&changed), Verdict::Changed, "{changed:?}");
        }
        let other = Secrets::derive(&[2; 32]).unwrap().audit_key().clone();
        assert_eq!(event.verdict(&AuditKeys::of([other]), None), Verdict::Unknown);
    }

    #[test]
    fn an_event_of_before_events_named_keys_is_authentic() {
        let event = event();
        let message = event.fields("liaison audit event 1").into_bytes();
        let tag = key().sign(&message).split_off(8);
        let before = Event { mac: Some(tag), ..event };
        assert_eq!(told(&before), Verdict::Authentic);
        let named = Event { api_key_id: Some(Id::<()>::generate().uuid()), ..before.clone() };
        assert_eq!(told(&named), Verdict::Changed);
        assert_eq!(told(&Event { action: "deleted".to_owned(), ..before }), Verdict::Changed);
    }
}
