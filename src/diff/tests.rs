//! Which facts differ, and that both directions say the same.
