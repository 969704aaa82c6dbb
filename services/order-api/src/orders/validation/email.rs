//! E-mail addresses as browsers accept them in `<input type=email>` (WHATWG HTML, "valid e-mail address"), with the
//! lengths of RFC 5321 4.5.3.1 and a dot in the domain: mail to a bare host name reaches no shopper.

use super::violations::{At, Violations};
use super::{MAX_EMAIL, text};
use crate::json::Json;

const MAX_LOCAL_PART: usize = 64;
const MAX_LABEL: usize = 63;

pub(super) fn email(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<String> {
    let text = text::any(json, at, violations)?;
    if is_valid(text) {
        return Some(text.to_owned());
    }
    violations.add(at, "must be an e-mail address");
    None
}

/// Whether the text is one address.
pub(crate) fn is_valid(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= MAX_EMAIL && is_local_part(local) && is_domain(domain)
}

fn is_local_part(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=MAX_LOCAL_PART).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_LABEL).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("ann@example.org", true)]
    #[case("Ann.O'Neil+shop@mail.example.co.uk", true)]
    #[case("a@xn--bcher-kva.example", true)]
    #[case("ann", false)]
    #[case("ann@", false)]
    #[case("@example.org", false)]
    #[case("ann@example", false)]
    #[case("ann@example..org", false)]
    #[case("ann@-example.org", false)]
    #[case("ann@exa mple.org", false)]
    #[case("ann@b@example.org", false)]
    #[case("ann@example.org\r\nBcc: x@example.org", false)]
    #[case("änn@example.org", false)]
    #[case("", false)]
    fn syntax(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_valid(text), expected, "{text}");
    }

    #[test]
    fn lengths() {
        assert!(is_valid(&format!("{}@example.org", "a".repeat(64))));
        assert!(!is_valid(&format!("{}@example.org", "a".repeat(65))));
        assert!(!is_valid(&format!("a@{}.org", "a".repeat(64))));
        assert!(!is_valid(&format!("a@{}org", "a.".repeat(126))));
    }
}
