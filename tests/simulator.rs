//! The simulator over real HTTP: whole lives of tasks, refusals, links, and numbers.

mod simulator {
    mod callbacks;
    pub(crate) mod client;
    mod links;
    mod lives;
    mod refusals;
    mod trouble;
}
