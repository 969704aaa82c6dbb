use rand::RngExt;
use rand::distr::Alphanumeric;

/// `length` characters of [a-zA-Z0-9].
pub fn random_password(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}
