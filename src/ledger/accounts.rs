//! What the ledger says of money, over all runs.
//!
//! Owns sums only. Runs at a backend that charges nothing are left out.

use std::path::Path;

use rusqlite::Connection;

use super::error::LedgerError;
use crate::money::{Money, Total};

/// Sums over every run of an output folder, by the price tables of their days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Tasks that were accepted, failed ones among them.
    pub spent: Total,
    /// Of these, not collected yet.
    pub reserved: Total,
    /// Creations that may have been accepted.
    pub at_risk: Total,
    /// What runs found there already and did not pay for again.
    pub saved: Total,
    /// Accepted tasks for which the table had no price.
    pub unpriced: u64,
}

const SUMS: &str = "
    SELECT a.currency, sum(a.price_micros),
           a.task_id IS NOT NULL AS accepted,
           coalesce(w.state, a.state) IN ('created', 'succeeded') AS open,
           coalesce(w.state, a.state) IN ('intended', 'uncertain') AS unsure,
           sum(a.price_micros IS NULL)
    FROM attempts AS a JOIN runs AS r USING (run_id) LEFT JOIN waiting AS w USING (attempt_id)
    WHERE NOT r.free
    GROUP BY a.currency, accepted, open, unsure";

pub(super) fn accounts(connection: &Connection, path: &Path) -> Result<Accounts, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let mut accounts = Accounts::default();
    let mut statement = connection.prepare(SUMS).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        take_in(&mut accounts, row).map_err(failed)?;
    }
    let mut savings = connection
        .prepare("SELECT currency, sum(micros) FROM savings GROUP BY currency")
        .map_err(failed)?;
    let mut rows = savings.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (currency, micros): (String, i64) = row.try_into().map_err(failed)?;
        accounts.saved.add(&Money::from_micros(micros, currency));
    }
    Ok(accounts)
}

fn take_in(accounts: &mut Accounts, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
    let (accepted, open, unsure): (bool, bool, bool) = (row.get(2)?, row.get(3)?, row.get(4)?);
    if accepted {
        accounts.unpriced += row.get::<_, i64>(5)?.unsigned_abs();
    }
    let Some(currency) = row.get::<_, Option<String>>(0)? else {
        return Ok(());
    };
    let money = Money::from_micros(row.get(1)?, currency);
    if accepted {
        accounts.spent.add(&money);
    }
    if open {
        accounts.reserved.add(&money);
    }
    if unsure {
        accounts.at_risk.add(&money);
    }
    Ok(())
}
