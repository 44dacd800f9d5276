//! The nine employees as users: their teams follow from whom they report to, their roles from whom they lead and which
//! customers they own.

use std::collections::{HashMap, HashSet};

use super::northwind::{Employee, Northwind};
use crate::{
    access::{Role, Scope, TeamId},
    change::Tx,
    deputies::{self, NewDeputy},
    error::{Error, Result},
    teams::{self, TeamTerms},
    users::{self, FirstPassword, User, UserTerms},
    values::{Day, Email, Line},
};

/// How many of the largest customers make their owner a key-account manager.
const LARGEST: usize = 5;

/// Who is absent, and who stands in for them, by their numbers.
const HOLIDAYS: [(u32, u32); 2] = [(1, 3), (3, 4)];

/// Creates the users, all with the same password, and returns them by employee number.
///
/// # Errors
/// When the database fails.
pub async fn load(tx: &mut Tx<'_>, northwind: &Northwind, hash: &str) -> Result<HashMap<u32, User>> {
    let teams = load_teams(tx, northwind).await?;
    let roles = Roles::of(northwind);
    let mut users = HashMap::new();
    for employee in &northwind.employees {
        let leader =
            if teams.contains_key(&employee.employee_id) { Some(employee.employee_id) } else { employee.reports_to };
        let team_id = leader.and_then(|leader| teams.get(&leader)).copied();
        let new = UserTerms {
            name: Line::parse(&format!("{} {}", employee.first_name, employee.last_name)).map_err(Error::internal)?,
            email: Email::parse(&address(employee)).map_err(Error::internal)?,
            job_title: Line::parse(&employee.title).ok(),
            role: roles.role(employee),
            team_id: team_id.ok_or_else(|| Error::internal("an employee without a team"))?,
            timezone: None,
            language: None,
        };
        let user = users::insert(tx, &Scope::system(), new, FirstPassword::Lasting(hash.to_owned())).await?;
        users.insert(employee.employee_id, user);
    }
    Ok(users)
}

/// Names deputies for the summer holidays of two employees.
///
/// # Errors
/// When the database fails.
pub async fn load_deputies(tx: &mut Tx<'_>, users: &HashMap<u32, User>) -> Result<()> {
    for (absent, deputy) in HOLIDAYS {
        let id = |number: u32| {
            let user = users.get(&number).map(|user| user.id);
            user.ok_or_else(|| Error::internal("an employee who is no user"))
        };
        let day = |text: &str| text.parse::<Day>().map_err(Error::internal);
        let (starts_on, ends_on) = (day("2031-07-07")?, day("2031-07-20")?);
        let new = NewDeputy { user_id: Some(id(absent)?), deputy_id: id(deputy)?, starts_on, ends_on };
        deputies::insert(tx, &Scope::system(), new).await?;
    }
    Ok(())
}

fn address(employee: &Employee) -> String {
    format!("{}.{}@northwind.example", employee.first_name, employee.last_name).to_lowercase()
}

/// Creates a team for everyone to whom others report.
async fn load_teams(tx: &mut Tx<'_>, northwind: &Northwind) -> Result<HashMap<u32, TeamId>> {
    let leaders: HashSet<u32> = northwind.employees.iter().filter_map(|employee| employee.reports_to).collect();
    let mut teams = HashMap::new();
    for leader in northwind.employees.iter().filter(|employee| leaders.contains(&employee.employee_id)) {
        let name = Line::parse(&format!("Team {}", leader.last_name)).map_err(Error::internal)?;
        let team = teams::insert(tx, &Scope::system(), TeamTerms { name }).await?;
        teams.insert(leader.employee_id, team.id);
    }
    Ok(teams)
}

/// What the roles depend on.
struct Roles {
    leaders: HashSet<u32>,
    owners_of_largest: HashSet<u32>,
}

impl Roles {
    fn of(northwind: &Northwind) -> Self {
        let owners = northwind.owners();
        let largest = northwind.largest_customers(LARGEST);
        Self {
            leaders: northwind.employees.iter().filter_map(|employee| employee.reports_to).collect(),
            owners_of_largest: largest.iter().filter_map(|customer| owners.get(customer)).copied().collect(),
        }
    }

    fn role(&self, employee: &Employee) -> Role {
        let number = employee.employee_id;
        match employee.reports_to {
            None => Role::Supervisor,
            Some(_) if self.leaders.contains(&number) || self.owners_of_largest.contains(&number) => {
                Role::KeyAccountManager
            }
            Some(_) => Role::Manager,
        }
    }
}
