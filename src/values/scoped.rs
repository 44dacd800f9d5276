//! Settings for the reading and writing of values, which serde gives no way to pass on.

use std::{cell::Cell, thread::LocalKey};

/// Runs `work` with `value` as the setting, and then puts back the one before.
pub fn with<T: Copy, R>(setting: &'static LocalKey<Cell<T>>, value: T, work: impl FnOnce() -> R) -> R {
    let _restored = Restore { setting, before: setting.replace(value) };
    work()
}

/// Puts back the setting when it is dropped, also after a panic, because the thread goes on with other requests.
struct Restore<T: Copy + 'static> {
    setting: &'static LocalKey<Cell<T>>,
    before: T,
}

impl<T: Copy> Drop for Restore<T> {
    fn drop(&mut self) {
        self.setting.set(self.before);
    }
}
