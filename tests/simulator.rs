//! The simulator over real HTTP: whole lives of tasks, refusals, links, and numbers.

mod simulator {
    pub(crate) mod client;
    mod links;
    mod lives;
    mod refusals;
    mod trouble;
}
