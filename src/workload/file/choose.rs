//! Which column plays which role.

use super::ColumnRole;
use super::decimal::TimeUnit;
use super::names::{Heading, Sure};
use super::refusal::TimesFileError;
use super::table::TextTable;

/// What a reader needs of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Whatever is there.
    All,
    /// When messages came.
    Arrivals,
    /// How long something took: of this role if there is one.
    Times(ColumnRole),
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
pub(super) fn asked(
    table: &mut TextTable,
    words: &[(ColumnRole, String)],
) -> Result<Vec<usize>, TimesFileError> {
    let mut found = Vec::new();
    for (role, text) in words {
        let (name, unit) = match (table.find(text), text.rsplit_once(':')) {
            (None, Some((name, unit))) => (name, TimeUnit::named(&unit.trim().to_lowercase())),
            _ => (text.as_str(), None),
        };
        let alike = table.alike(name);
        if alike.len() > 1 {
            return Err(TimesFileError::Alike { role: *role, heading: name.into(), numbers: alike });
        }
        let index = table
            .find(name)
            .ok_or_else(|| TimesFileError::Absent { asked: text.clone(), headings: table.texts() })?;
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
pub(super) fn choose(table: &TextTable, want: Want, asked: Vec<usize>) -> Result<Chosen, TimesFileError> {
    let headings = &table.headings;
    if !table.named && !table.vegeta && headings.len() > 1 && asked.is_empty() {
        return Err(TimesFileError::Nameless(headings.len()));
    }
    let roles = Roles { headings };
    match want {
        Want::Times(role) => {
            let (role, lasting) = times(&roles, role)?;
            let mut chosen = Chosen { asked, ..Chosen::default() };
            *(if role == ColumnRole::Latency { &mut chosen.latency } else { &mut chosen.service }) =
                Some(lasting);
            Ok(chosen)
        }
        Want::Arrivals => {
            let arrivals = arrivals(&roles, true)?;
            let missing = || TimesFileError::Unknown {
                roles: vec![ColumnRole::Arrival, ColumnRole::Gap],
                headings: table.texts(),
            };
            let coming = arrivals.0.ok_or_else(missing)?;
            Ok(Chosen {
                arrivals: Some(coming),
                weak: arrivals.1,
                count: roles.one(ColumnRole::Count)?,
                asked,
                ..Chosen::default()
            })
        }
        Want::All => {
            let (coming, weak) = arrivals(&roles, false)?;
            let mut service = roles.one(ColumnRole::Service)?.map(Lasting::Column);
            let mut latency = roles.one(ColumnRole::Latency)?.map(Lasting::Column);
            let end = roles
                .one(ColumnRole::End)?
                .filter(|end| !matches!(coming, Some(Coming::Before { end: e, .. }) if e == *end));
            let start = roles.one(ColumnRole::Start)?;
            if let (None, Some(from), Some(to)) = (service, start, end) {
                service = Some(Lasting::Between { from, to });
            }
            if let (None, Some(Coming::Stamps(from)), Some(to)) = (latency, coming, end)
                && start != Some(from)
            {
                latency = Some(Lasting::Between { from, to });
            }
            let count = if coming.is_some() { roles.one(ColumnRole::Count)? } else { None };
            if coming.is_none() && service.is_none() && latency.is_none() {
                let wanted = vec![ColumnRole::Arrival, ColumnRole::Service];
                return Err(TimesFileError::Unknown { roles: wanted, headings: table.texts() });
            }
            Ok(Chosen { arrivals: coming, count, service, latency, asked, weak })
        }
    }
}

struct Roles<'h> {
    headings: &'h [Heading],
}

impl Roles<'_> {
    fn all(&self, role: ColumnRole, sure: Sure) -> Vec<usize> {
        (0..self.headings.len()).filter(|i| self.headings[*i].role == Some((role, sure))).collect()
    }

    /// The column of a role; a name with many meanings only where no other has it.
    fn one(&self, role: ColumnRole) -> Result<Option<usize>, TimesFileError> {
        for sure in [Sure::Strong, Sure::Weak] {
            match self.all(role, sure).as_slice() {
                [] => {}
                [one] => return Ok(Some(*one)),
                several => return Err(self.several(role, several)),
            }
        }
        Ok(None)
    }

    fn several(&self, role: ColumnRole, columns: &[usize]) -> TimesFileError {
        let headings: Vec<String> = columns.iter().map(|i| self.headings[*i].text.clone()).collect();
        match headings.iter().all(|text| *text == headings[0]) {
            true => TimesFileError::Alike {
                role,
                heading: headings[0].clone(),
                numbers: columns.iter().map(|i| i + 1).collect(),
            },
            false => TimesFileError::Several { role, headings },
        }
    }
}

/// Where arrivals come from, and whether by a name with many meanings.
fn arrivals(roles: &Roles<'_>, needed: bool) -> Result<(Option<Coming>, bool), TimesFileError> {
    let strong = roles.all(ColumnRole::Arrival, Sure::Strong);
    let start = roles.one(ColumnRole::Start)?;
    let end = roles.one(ColumnRole::End)?;
    match (strong.as_slice(), start) {
        // A start without an end can only be another arrival.
        ([one], Some(start)) if end.is_none() => {
            return Err(roles.several(ColumnRole::Arrival, &[*one, start]));
        }
        ([one], _) => return Ok((Some(Coming::Stamps(*one)), false)),
        ([], Some(start)) => return Ok((Some(Coming::Stamps(start)), false)),
        ([], None) => {}
        (several, _) => return Err(roles.several(ColumnRole::Arrival, several)),
    }
    if let Some(gap) = roles.one(ColumnRole::Gap)? {
        return Ok((Some(Coming::Gaps(gap)), false));
    }
    if let Some(weak) = roles.one(ColumnRole::Arrival)? {
        return Ok((Some(Coming::Stamps(weak)), true));
    }
    let lasted = match (end, roles.one(ColumnRole::Service)) {
        (Some(_), Ok(Some(service))) => Some(service),
        (Some(_), Ok(None)) => roles.one(ColumnRole::Latency)?,
        (Some(_), Err(why)) if needed => return Err(why),
        _ => None,
    };
    Ok((end.zip(lasted).map(|(end, lasted)| Coming::Before { end, lasted }), false))
}

/// The column of times for one law, and what it tells of.
fn times(roles: &Roles<'_>, role: ColumnRole) -> Result<(ColumnRole, Lasting), TimesFileError> {
    let order = [role, ColumnRole::Service, ColumnRole::Latency, ColumnRole::Gap];
    for role in order {
        if let Some(one) = roles.one(role)? {
            return Ok((role, Lasting::Column(one)));
        }
    }
    if let (Some(from), Some(to)) = (roles.one(ColumnRole::Start)?, roles.one(ColumnRole::End)?) {
        return Ok((ColumnRole::Service, Lasting::Between { from, to }));
    }
    match roles.headings {
        // Whatever its only column is called.
        [_] => Ok((ColumnRole::Service, Lasting::Column(0))),
        headings => {
            if let [weak] = roles.all(ColumnRole::Arrival, Sure::Weak).as_slice() {
                return Ok((ColumnRole::Service, Lasting::Column(*weak)));
            }
            Err(TimesFileError::Unknown {
                roles: vec![ColumnRole::Service],
                headings: headings.iter().map(|h| h.text.clone()).collect(),
            })
        }
    }
}
