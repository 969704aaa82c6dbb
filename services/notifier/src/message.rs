//! A rendered mail as an RFC 5322 message. Pure, but for the date.

use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::failure::{Failure, Fault};
use crate::mail::{Kind, render};
use crate::order::Order;

/// The message that tells `order`'s shopper of `kind`. The same order and kind have the same Message-ID, so that a
/// mail program shows a mail that was sent twice once.
///
/// # Errors
/// [`Fault::Mail`]: the order has no address, or one no mail can be sent to.
pub fn message(order: &Order, kind: Kind, from: &Mailbox) -> Result<Message, Failure> {
    let fault = |why: &str| Failure { fault: Fault::Mail, why: why.to_owned() };
    let address = order.email.as_deref().ok_or_else(|| fault("the order has no address"))?;
    // The name stays out of the headers: it is a shopper's free text.
    let to: Address = address.parse().map_err(|_| fault("the order's address is not a mail address"))?;
    let mail = render(order, kind);
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject)
        .message_id(Some(message_id(&order.number, kind, from)))
        // RFC 3834: no holiday notice need answer this.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .map_err(|_| fault("the message cannot be built"))
}

fn message_id(number: &str, kind: Kind, from: &Mailbox) -> String {
    format!("<{number}.{}@{}>", kind.as_str().to_ascii_lowercase(), from.email.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(email: Option<&str>) -> Order {
        Order {
            number: "0190d8c4-0000-5000-8000-000000000001".to_owned(),
            status: None,
            reason: None,
            customer_name: Some("Eve\r\nBcc: all@example.com".to_owned()),
            email: email.map(str::to_owned),
            total_amount: None,
            currency: None,
            lines: vec![],
        }
    }

    fn from() -> Mailbox {
        "The Shop <orders@shop.example>".parse().unwrap()
    }

    #[test]
    fn headers() {
        let message = message(&order(Some("ada@example.com")), Kind::Confirmed, &from()).unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(head.contains("Message-ID: <0190d8c4-0000-5000-8000-000000000001.confirmed@shop.example>"), "{head}");
        assert!(head.contains("To: ada@example.com") && head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(!head.contains("Bcc"), "{head}");
    }

    #[test]
    fn no_address_is_the_mails_fault() {
        for email in [None, Some("not an address"), Some("a@b\r\nBcc: c@d")] {
            let failure = message(&order(email), Kind::Failed, &from()).unwrap_err();
            assert_eq!(failure.fault, Fault::Mail);
        }
    }
}
