//! Clients that are entered a second time by somebody who did not find the first entry.

use strum::IntoStaticStr;

use super::{
    dice::Dice,
    made::{FOR_COPY, Known, Plan},
    numbers,
};

/// How often an earlier client is looked for that can be entered again.
const TRIES: usize = 20;

/// What the second entry has in common with the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum How {
    /// The taxpayer number.
    TaxId,
    /// The telephone number.
    Phone,
    /// The e-mail address.
    Email,
    /// Only the name, in another form, and the town.
    #[default]
    Name,
}

/// That a client is one that was entered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The number of the first entry.
    pub of: u32,
    /// What both have in common.
    pub how: How,
    /// Whether the name has a wrong letter.
    pub is_misspelt: bool,
}

impl Plan {
    /// Of which earlier client the client `number` is a second entry.
    pub fn copy(&self, number: u32) -> Option<Copy> {
        if !self.is_copy(number) {
            return None;
        }
        let mut dice = Dice::of(self.seed, FOR_COPY, u64::from(number) | 1 << 32);
        (0..TRIES).find_map(|_| {
            let of = u32::try_from(dice.below(usize::try_from(number).ok()?)).ok()?;
            let first = (!self.is_copy(of)).then(|| self.first(of))?;
            let how = dice.weighted(&[(How::TaxId, 30), (How::Phone, 20), (How::Email, 10), (How::Name, 40)]);
            let can_be = match how {
                How::TaxId => first.tax_id.is_some(),
                How::Phone => first.phone.is_some() && !first.is_person,
                How::Email => first.email.is_some() && !first.is_person,
                How::Name => !first.is_person,
            };
            can_be.then(|| Copy { of, how, is_misspelt: dice.happens(self.typos.part()) })
        })
    }

    fn is_copy(&self, number: u32) -> bool {
        number > 0 && Dice::of(self.seed, FOR_COPY, u64::from(number)).happens(self.duplicates.part())
    }

    /// What is known of a client that was entered before as `copy` says.
    pub(super) fn entered_again(&self, number: u32, copy: Copy) -> Known {
        let mut dice = Dice::of(self.seed, FOR_COPY, u64::from(number) | 1 << 33);
        let dice = &mut dice;
        let first = self.first(copy.of);
        let called = if copy.is_misspelt { first.called.misspelt(dice) } else { first.called.clone() };
        let is_by = |how: How| copy.how == how;
        // Without a number or an address in common there is often a person whom both know.
        let keeps_person = dice.happens(0.5);
        Known {
            is_person: first.is_person,
            name: if first.is_person { called.bare.clone() } else { called.otherwise(dice) },
            called,
            town: first.town,
            street: first.street,
            tax_id: first.tax_id.filter(|_| is_by(How::TaxId)),
            kpp: None,
            registration_number: None,
            phone: match copy.how {
                How::Phone => first.phone,
                _ => dice.happens(0.7).then(|| numbers::mobile(dice, first.town.area)),
            },
            email: first.email.filter(|_| is_by(How::Email)),
            website: None,
            contacts: first.contacts.into_iter().take(usize::from(keeps_person)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{How, Plan};
    use crate::{list::search::fold, seed::made::Owner, values::Instant};

    const MANY: u32 = 20_000;

    fn plan(seed: u64, clients: u32) -> Plan {
        Plan { clients, seed, duplicates: "5%".parse().unwrap(), typos: "40%".parse().unwrap() }
    }

    #[test]
    fn the_stated_shares_are_entered_twice_and_misspelt() {
        let plan = plan(1, MANY);
        let copies: Vec<_> = (0..MANY).filter_map(|number| plan.copy(number).map(|copy| (number, copy))).collect();
        let share = |part: usize, whole: usize| {
            f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
        };
        assert!((share(copies.len(), MANY as usize) - 0.05).abs() < 0.005, "{}", copies.len());
        let misspelt = copies.iter().filter(|(_, copy)| copy.is_misspelt).count();
        assert!((share(misspelt, copies.len()) - 0.4).abs() < 0.05, "{misspelt}");
        let mut by_how: HashMap<How, usize> = HashMap::new();
        for (number, copy) in &copies {
            *by_how.entry(copy.how).or_default() += 1;
            let (first, again) = (plan.known(copy.of), plan.known(*number));
            assert!(copy.of < *number && plan.copy(copy.of).is_none());
            let same = [
                (How::TaxId, first.tax_id == again.tax_id && again.tax_id.is_some()),
                (How::Phone, first.phone == again.phone && again.phone.is_some()),
                (How::Email, first.email == again.email && again.email.is_some()),
            ];
            for (how, is_same) in same {
                assert_eq!(is_same, copy.how == how, "{first:?} {again:?}");
            }
            assert_eq!(first.town.name, again.town.name);
            if !copy.is_misspelt && !first.is_person {
                let bare = |name: &str| fold(name).replace(' ', "");
                assert!(bare(&again.name).contains(&bare(&first.called.bare)), "{} {}", first.name, again.name);
            }
        }
        assert!(by_how.len() == 4 && by_how.values().all(|count| *count > 50), "{by_how:?}");
    }

    #[test]
    fn the_same_seed_makes_the_same_and_another_one_others() {
        let owners = [Owner { id: uuid::Uuid::nil(), team_id: uuid::Uuid::nil(), may_own_key_clients: true }];
        let now: Instant = serde_json::from_str("\"2026-11-24T09:30:00Z\"").unwrap();
        let rows = |seed| -> Vec<_> {
            let plan = plan(seed, 500);
            (0..500).map(|number| plan.rows(number, plan.known(number), &owners, now).unwrap()).collect()
        };
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
        assert!(rows(1).windows(2).all(|pair| pair[0].0.id < pair[1].0.id));
        // A larger base begins with the same clients.
        assert_eq!(plan(1, 500).known(77), plan(1, MANY).known(77));
    }

    #[test]
    fn a_base_has_as_many_names_as_one_of_the_world() {
        let plan = plan(3, MANY);
        let known: Vec<_> = (0..MANY).map(|number| plan.known(number)).collect();
        let mut names: Vec<&str> =
            known.iter().filter(|one| !one.is_person).map(|one| one.called.bare.as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert!(names.len() * 100 > count * 90, "{} of {count}", names.len());
        let russian = known.iter().filter(|one| one.called.is_russian).count();
        assert!((13_000..15_000).contains(&russian), "{russian}");
    }
}
