//! Which column plays which role.

use super::Role;
use super::decimal::Unit;
use super::names::{Heading, Sure};
use super::refusal::Refusal;
use super::table::Table;

/// What a reader needs of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Whatever is there.
    All,
    /// When messages came.
    Arrivals,
    /// How long something took: of this role if there is one.
    Times(Role),
}

/// Where the arrivals come from, by indices of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coming {
    Stamps(usize),
    Gaps(usize),
    /// The end less how long it took.
    Before {
        end: usize,
        lasted: usize,
    },
}

/// Where times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    Column(usize),
    Between { from: usize, to: usize },
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub arrivals: Option<Coming>,
    /// How many messages each row stands for, if the rows turn out to be equally far apart.
    pub count: Option<usize>,
    pub service: Option<Lasting>,
    pub latency: Option<Lasting>,
    /// Columns that a person named.
    pub asked: Vec<usize>,
    /// The arrivals' column has a name with many meanings.
    pub weak: bool,
}

impl Chosen {
    /// Every column that is read.
    pub(super) fn columns(&self) -> Vec<usize> {
        let coming = self.arrivals.map_or(Vec::new(), |coming| match coming {
            Coming::Stamps(i) | Coming::Gaps(i) => vec![i],
            Coming::Before { end, lasted } => vec![end, lasted],
        });
        let lasting = [self.service, self.latency].into_iter().flatten().flat_map(|lasting| match lasting {
            Lasting::Column(i) => vec![i],
            Lasting::Between { from, to } => vec![from, to],
        });
        let mut all: Vec<usize> = coming.into_iter().chain(lasting).chain(self.count).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A person's word on a column: `service=NAME` or `service=NAME:ms`.
pub(super) fn asked(table: &mut Table<'_>, words: &[(Role, String)]) -> Result<Vec<usize>, Refusal> {
    let mut found = Vec::new();
    for (role, text) in words {
        let (name, unit) = match (table.find(text), text.rsplit_once(':')) {
            (None, Some((name, unit))) => (name, Unit::named(&unit.trim().to_lowercase())),
            _ => (text.as_str(), None),
        };
        let alike = table.alike(name);
        if alike.len() > 1 {
            return Err(Refusal::Alike { role: *role, heading: name.into(), numbers: alike });
        }
        let index = table
            .find(name)
            .ok_or_else(|| Refusal::Absent { asked: text.clone(), headings: table.texts() })?;
        // What was named plays its role alone.
        table
            .headings
            .iter_mut()
            .filter(|h| h.role.is_some_and(|r| r.0 == *role))
            .for_each(|h| h.role = None);
        let heading = &mut table.headings[index];
        heading.role = Some((*role, Sure::Strong));
        heading.unit = unit.or(heading.unit);
        found.push(index);
    }
    Ok(found)
}

/// The roles of a table's columns.
pub(super) fn choose(table: &Table<'_>, want: Want, asked: Vec<usize>) -> Result<Chosen, Refusal> {
    let headings = &table.headings;
    if !table.named && !table.vegeta && headings.len() > 1 && asked.is_empty() {
        return Err(Refusal::Nameless(headings.len()));
    }
    let roles = Roles { headings };
    match want {
        Want::Times(role) => {
            let (role, lasting) = times(&roles, role)?;
            let mut chosen = Chosen { asked, ..Chosen::default() };
            *(if role == Role::Latency { &mut chosen.latency } else { &mut chosen.service }) = Some(lasting);
            Ok(chosen)
        }
        Want::Arrivals => {
            let arrivals = arrivals(&roles, true)?;
            let missing =
                || Refusal::Unknown { roles: vec![Role::Arrival, Role::Gap], headings: table.texts() };
            let coming = arrivals.0.ok_or_else(missing)?;
            Ok(Chosen {
                arrivals: Some(coming),
                weak: arrivals.1,
                count: roles.one(Role::Count)?,
                asked,
                ..Chosen::default()
            })
        }
        Want::All => {
            let (coming, weak) = arrivals(&roles, false)?;
            let mut service = roles.one(Role::Service)?.map(Lasting::Column);
            let mut latency = roles.one(Role::Latency)?.map(Lasting::Column);
            let end = roles
                .one(Role::End)?
                .filter(|end| !matches!(coming, Some(Coming::Before { end: e, .. }) if e == *end));
            let start = roles.one(Role::Start)?;
            if let (None, Some(from), Some(to)) = (service, start, end) {
                service = Some(Lasting::Between { from, to });
            }
            if let (None, Some(Coming::Stamps(from)), Some(to)) = (latency, coming, end)
                && start != Some(from)
            {
                latency = Some(Lasting::Between { from, to });
            }
            let count = if coming.is_some() { roles.one(Role::Count)? } else { None };
            if coming.is_none() && service.is_none() && latency.is_none() {
                let wanted = vec![Role::Arrival, Role::Service];
                return Err(Refusal::Unknown { roles: wanted, headings: table.texts() });
            }
            Ok(Chosen { arrivals: coming, count, service, latency, asked, weak })
        }
    }
}

struct Roles<'h> {
    headings: &'h [Heading],
}

impl Roles<'_> {
    fn all(&self, role: Role, sure: Sure) -> Vec<usize> {
        (0..self.headings.len()).filter(|i| self.headings[*i].role == Some((role, sure))).collect()
    }

    /// The column of a role; a name with many meanings only where no other has it.
    fn one(&self, role: Role) -> Result<Option<usize>, Refusal> {
        for sure in [Sure::Strong, Sure::Weak] {
            match self.all(role, sure).as_slice() {
                [] => {}
                [one] => return Ok(Some(*one)),
                several => return Err(self.several(role, several)),
            }
        }
        Ok(None)
    }

    fn several(&self, role: Role, columns: &[usize]) -> Refusal {
        let headings: Vec<String> = columns.iter().map(|i| self.headings[*i].text.clone()).collect();
        match headings.iter().all(|text| *text == headings[0]) {
            true => Refusal::Alike {
                role,
                heading: headings[0].clone(),
                numbers: columns.iter().map(|i| i + 1).collect(),
            },
            false => Refusal::Several { role, headings },
        }
    }
}

/// Where arrivals come from, and whether by a name with many meanings.
fn arrivals(roles: &Roles<'_>, needed: bool) -> Result<(Option<Coming>, bool), Refusal> {
    let strong = roles.all(Role::Arrival, Sure::Strong);
    let start = roles.one(Role::Start)?;
    let end = roles.one(Role::End)?;
    match (strong.as_slice(), start) {
        // A start without an end can only be another arrival.
        ([one], Some(start)) if end.is_none() => return Err(roles.several(Role::Arrival, &[*one, start])),
        ([one], _) => return Ok((Some(Coming::Stamps(*one)), false)),
        ([], Some(start)) => return Ok((Some(Coming::Stamps(start)), false)),
        ([], None) => {}
        (several, _) => return Err(roles.several(Role::Arrival, several)),
    }
    if let Some(gap) = roles.one(Role::Gap)? {
        return Ok((Some(Coming::Gaps(gap)), false));
    }
    if let Some(weak) = roles.one(Role::Arrival)? {
        return Ok((Some(Coming::Stamps(weak)), true));
    }
    let lasted = match (end, roles.one(Role::Service)) {
        (Some(_), Ok(Some(service))) => Some(service),
        (Some(_), Ok(None)) => roles.one(Role::Latency)?,
        (Some(_), Err(why)) if needed => return Err(why),
        _ => None,
    };
    Ok((end.zip(lasted).map(|(end, lasted)| Coming::Before { end, lasted }), false))
}

/// The column of times for one law, and what it tells of.
fn times(roles: &Roles<'_>, role: Role) -> Result<(Role, Lasting), Refusal> {
    let order = [role, Role::Service, Role::Latency, Role::Gap];
    for role in order {
        if let Some(one) = roles.one(role)? {
            return Ok((role, Lasting::Column(one)));
        }
    }
    if let (Some(from), Some(to)) = (roles.one(Role::Start)?, roles.one(Role::End)?) {
        return Ok((Role::Service, Lasting::Between { from, to }));
    }
    match roles.headings {
        // Whatever its only column is called.
        [_] => Ok((Role::Service, Lasting::Column(0))),
        headings => {
            if let [weak] = roles.all(Role::Arrival, Sure::Weak).as_slice() {
                return Ok((Role::Service, Lasting::Column(*weak)));
            }
            Err(Refusal::Unknown {
                roles: vec![Role::Service],
                headings: headings.iter().map(|h| h.text.clone()).collect(),
            })
        }
    }
}
