//! Why a mail did not go out, and whose fault it was. Pure.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Code, Severity};

/// What is to be blamed, and so: what a retry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server is away, or takes nothing from us: no mail's fault.
    Server,
    /// Not now (4xx): greylisting, a full mailbox.
    Moment,
    /// Never (5xx): no such mailbox, or an address that is none.
    Mail,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub fault: Fault,
    /// For `outbox.last_error` and logs: addresses taken out.
    pub why: String,
}

/// Reads an SMTP error. Codes: RFC 5321 4.2, RFC 4954 6 for those of authentication.
pub fn of_smtp(error: &Error) -> Failure {
    let fault = match error.status() {
        Some(code) => of_code(code),
        // The client refuses to write the message, for example an address the server's extensions cannot carry.
        None if error.is_client() => Fault::Mail,
        None => Fault::Server,
    };
    // lettre prints the cause with the error.
    Failure { fault, why: redact(&error.to_string()) }
}

fn of_code(code: Code) -> Fault {
    match (code.severity, u16::from(code)) {
        // Closing, not logged in, must use TLS, wrong password, mechanism too weak, encryption needed.
        (_, 421 | 432 | 454 | 530 | 534 | 535 | 538) => Fault::Server,
        (Severity::PermanentNegativeCompletion, _) => Fault::Mail,
        _ => Fault::Moment,
    }
}

/// Takes out what looks like an address, and cuts to what the column holds.
fn redact(text: &str) -> String {
    let hidden =
        text.split_inclusive(char::is_whitespace).map(|word| if word.contains('@') { "[address] " } else { word });
    hidden.collect::<String>().trim_end().chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lettre::transport::smtp::response::{Category, Detail};
    use rstest::rstest;

    /// Of the codes used here.
    fn parse(code: u16) -> Code {
        let severity = match code / 100 {
            4 => Severity::TransientNegativeCompletion,
            _ => Severity::PermanentNegativeCompletion,
        };
        let category = match code / 10 % 10 {
            2 => Category::Connections,
            3 => Category::Unspecified3,
            _ => Category::MailSystem,
        };
        let details = [Detail::Zero, Detail::One, Detail::Two, Detail::Three, Detail::Four, Detail::Five];
        Code::new(severity, category, details[usize::from(code % 10)])
    }

    #[rstest]
    #[case(421, Fault::Server)]
    #[case(450, Fault::Moment)]
    #[case(452, Fault::Moment)]
    #[case(454, Fault::Server)]
    #[case(535, Fault::Server)]
    #[case(550, Fault::Mail)]
    #[case(554, Fault::Mail)]
    fn codes(#[case] code: u16, #[case] fault: Fault) {
        assert_eq!(of_code(parse(code)), fault);
    }

    #[test]
    fn addresses_are_taken_out() {
        assert_eq!(redact("550 <ada@example.com>: no such user"), "550 [address] no such user");
        assert_eq!(redact(&"x".repeat(600)).len(), 500);
    }
}
