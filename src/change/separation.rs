//! Separation of duties: nobody approves their own work.

use crate::{
    access::{Caller, UserId},
    db::Jsonb,
    error::{Error, ProblemType, Result},
};

/// Who had a hand in what waits for approval.
#[derive(Clone, Copy, Debug)]
pub struct Work<'w> {
    /// Who wrote it.
    pub author: UserId,
    /// Who edited its terms afterwards.
    pub editors: &'w [UserId],
    /// Who submitted it.
    pub submitter: Option<UserId>,
}

impl Work<'_> {
    /// Refuses an approval by somebody who wrote, edited or submitted this.
    ///
    /// # Errors
    /// 403, naming the rule.
    pub fn refuse_own(self, caller: &Caller) -> Result<()> {
        let user = caller.user_id;
        if user != self.author && !self.editors.contains(&user) && self.submitter != Some(user) {
            return Ok(());
        }
        let refusal = Error::new(ProblemType::Forbidden).detail(
            "Nobody approves what they wrote, edited or submitted.",
            "Никто не согласует то, что сам составил, изменил или отправил на согласование.",
        );
        Err(refusal.with("rule", "separation_of_duties"))
    }
}

/// Notes that `editor` changed terms that somebody else wrote. It stays noted: an edit that is taken back was still seen by
/// its editor alone.
pub fn note_editor(editors: &mut Jsonb<Vec<UserId>>, author: UserId, editor: Option<UserId>) {
    let new = editor.filter(|editor| *editor != author && !editors.0.contains(editor));
    editors.0.extend(new);
}
