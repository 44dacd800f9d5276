//! `/v1/audit`.

use actix_web::web::{Data, Json};

use super::{
    model::{AuditEntry, AuditEntryView, AuditFilter},
    queries,
};
use crate::{
    access::{Read, Scope},
    audit::{
        Anchor, AuditVerification, Bounds, MAX_FROM_SEAL, MAX_SEALS, VerificationParams, Verify, Watch, verify_part,
    },
    db::{Cost, Db},
    error::{Error, FieldError, ProblemType, Result},
    http::{Query, Routes, endpoint},
    list::{ListQuery, Page},
    secrets::Secrets,
    values::Invalid,
};

/// The operations on the audit log.
pub fn routes(api: &mut Routes) {
    api.add("audit", [endpoint!(list_audit_entries), endpoint!(verify_audit_log)]);
}

/// List changes, sign-ins and refusals
///
/// Use it to find out who changed something, or what one person did.
///
/// Every change of every resource: who made it, when, from where, in which request, and each field's value before and
/// after. Also every sign-in and sign-out, and whatever a user was refused. Newest first, unless `sort` says otherwise.
#[utoipa::path(
    get,
    path = "/v1/audit",
    responses((status = 200, description = "A page of the entries."))
)]
async fn list_audit_entries(
    scope: Scope<AuditEntry, Read>,
    query: ListQuery<AuditFilter>,
    db: Db,
) -> Result<Page<AuditEntryView>> {
    // The entries that match a filter may be rare, so that many entries are read to find them.
    let db = db.reader(Cost::Large).await?;
    queries::list(&db, &scope, &query).await
}

/// Maximum number of events in one part.
const EVENTS: i64 = 20_000;

/// Verify that the log is intact
///
/// Use it regularly, and before the log serves as evidence.
///
/// Verifies a part of the log: that each entry and each seal is as the server wrote it, and that none was removed or put
/// in. Go on from `next_seal` until it is `null`. Note the `head` of the last part outside the database, and give it with
/// a later verification: without it, nobody can tell whether the newest entries were cut off, or all of them rewritten by
/// someone who has the server's secret as well. The whole log at once is verified by `liaison audit verify` on the server.
#[utoipa::path(
    get,
    path = "/v1/audit/verification",
    responses((status = 200, description = "What was found."))
)]
async fn verify_audit_log(
    scope: Scope<AuditEntry, Verify>,
    query: Query<VerificationParams>,
    secrets: Data<Secrets>,
    watch: Data<Watch>,
    db: Db,
) -> Result<Json<AuditVerification>> {
    let Query(VerificationParams { from_seal, limit, head }) = query;
    if !scope.covers_all() {
        return Err(Error::forbidden("audit:verify"));
    }
    let beyond = |name: &str, most: String| {
        let wrong = FieldError::new(name, Invalid::TooLarge(most));
        Err(Error::new(ProblemType::InvalidParameter).with_fields(vec![wrong]))
    };
    if !(1..=MAX_SEALS).contains(&limit) {
        return beyond("limit", MAX_SEALS.to_string());
    }
    if from_seal > MAX_FROM_SEAL {
        return beyond("from_seal", MAX_FROM_SEAL.to_string());
    }
    let bounds = Bounds { from: i64::from(from_seal), seals: i64::from(limit), events: EVENTS };
    let db = db.reader(Cost::Large).await?;
    let noted: Vec<Anchor> = watch.anchor(&db).await?.into_iter().chain(head).collect();
    Ok(Json(verify_part(&db, &secrets, bounds, &noted).await?.with(watch.faults())))
}
