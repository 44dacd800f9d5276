//! The rules of policies: everyone can work, and nobody can give rights to themselves.

use crate::{
    access::{
        Grants, Reach, Role,
        permission::{ADMINISTRATION, PERMISSIONS, SHARED},
    },
    error::FieldError,
    values::{Invalid, Say, hint},
};

/// The rights to work with clients. A role needs at least one of them.
const WORK: &[&str] = &[
    "clients:create",
    "clients:update",
    "contacts:create",
    "contacts:update",
    "contracts:create",
    "contracts:update",
    "interactions:create",
    "interactions:update",
    "orders:create",
    "orders:update",
];

/// Everything that is wrong with `grants` for `role`.
pub fn breaches(role: Role, grants: &Grants) -> Vec<FieldError> {
    let mut breaches = of_names(grants);
    for (name, reach) in grants {
        let (resource, action) = name.split_once(':').unwrap_or_default();
        let wrong = if ADMINISTRATION.contains(&name.as_str()) {
            of_administration(role, *reach)
        } else if SHARED.contains(&resource) && matches!(reach, Reach::Own | Reach::Team) {
            Some(belongs_to_nobody())
        } else if action != "read" && *reach > reach_of(grants, &format!("{resource}:read")) {
            Some(beyond_reading())
        } else {
            None
        };
        breaches.extend(wrong.map(|wrong| FieldError::new(pointer(name), wrong)));
    }
    breaches.extend(of_work(grants));
    breaches
}

fn of_names(grants: &Grants) -> Vec<FieldError> {
    let unknown = grants.keys().filter(|name| PERMISSIONS.iter().all(|(known, _)| known != name));
    let missing = PERMISSIONS.iter().filter(|(known, _)| !grants.contains_key(*known));
    let known = || PERMISSIONS.iter().map(|(known, _)| *known);
    let unknown = unknown.map(|name| FieldError::new(pointer(name), hint::unknown_field(name, known())));
    unknown.chain(missing.map(|(name, _)| FieldError::new(pointer(name), Invalid::Required))).collect()
}

/// Only supervisors administer, since a user who can give rights can give them to themselves.
fn of_administration(role: Role, reach: Reach) -> Option<Invalid> {
    match (role, reach) {
        (Role::Supervisor, Reach::All) | (Role::Manager | Role::KeyAccountManager, Reach::None) => None,
        (Role::Supervisor, _) => Some(Invalid::Rule(
            "lockout",
            Say::new("Supervisors must keep this right, for all.", "Руководители должны сохранить это право для всех."),
        )),
        _ => Some(Invalid::Rule(
            "supervisor_only",
            Say::new("Only supervisors can have this right.", "Это право может быть только у руководителей."),
        )),
    }
}

fn of_work(grants: &Grants) -> Option<FieldError> {
    let works = WORK.iter().any(|name| reach_of(grants, name) > Reach::None);
    if works && reach_of(grants, "clients:read") > Reach::None {
        return None;
    }
    let say = Say::new(
        "A role needs to read clients and to create or change something of theirs.",
        "Роль должна видеть клиентов и что-либо создавать или изменять у них.",
    );
    Some(FieldError::new("/permissions", Invalid::Rule("no_work", say)))
}

fn reach_of(grants: &Grants, name: &str) -> Reach {
    grants.get(name).copied().unwrap_or(Reach::None)
}

fn belongs_to_nobody() -> Invalid {
    let say = Say::new("They belong to nobody: use none or all.", "Они никому не принадлежат: `none` или `all`.");
    Invalid::Rule("none_or_all", say)
}

fn beyond_reading() -> Invalid {
    Invalid::Rule(
        "beyond_reading",
        Say::new("Reaches further than the right to read.", "Действует шире, чем право на чтение."),
    )
}

fn pointer(name: &str) -> String {
    format!("/permissions/{}", name.replace('~', "~0").replace('/', "~1"))
}
