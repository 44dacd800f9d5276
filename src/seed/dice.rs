//! Chance that is the same for the same seed.

use fastrand::Rng;

/// The chance of one client: what one is made of does not depend on how many there are.
pub struct Dice(Rng);

impl Dice {
    /// The dice of `number` among the rows of `seed`. Each `purpose` has its own.
    pub fn of(seed: u64, purpose: u64, number: u64) -> Self {
        let spread = number.wrapping_add(purpose << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(Rng::with_seed(seed ^ spread))
    }

    /// A number from 0 to `below`, which is left out.
    pub fn below(&mut self, below: usize) -> usize {
        self.0.usize(..below.max(1))
    }

    /// Whether something happens that happens to this share.
    pub fn happens(&mut self, share: f64) -> bool {
        self.0.f64() < share
    }

    /// One of `all`; the default when there is none.
    pub fn one<T: Copy + Default>(&mut self, all: &[T]) -> T {
        all.get(self.below(all.len())).copied().unwrap_or_default()
    }

    /// One of `all` by their weights.
    pub fn weighted<T: Copy + Default>(&mut self, all: &[(T, usize)]) -> T {
        let mut left = self.below(all.iter().map(|(_, weight)| weight).sum());
        for (one, weight) in all {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *one,
            }
        }
        T::default()
    }

    /// So many digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(self.0.u8(b'0'..=b'9'))).collect()
    }

    /// Ten random bytes for an identifier.
    pub fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        self.0.fill(&mut bytes);
        bytes
    }
}
