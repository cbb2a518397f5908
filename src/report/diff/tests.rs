//! What the forms say, and what they never do.
