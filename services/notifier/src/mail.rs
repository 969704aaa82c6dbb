//! What a shopper reads: one mail per outcome, as text and as HTML. Pure.

mod html;
mod money;
mod text;
mod words;

use crate::order::Order;

/// The outcomes that are told. The names are those of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Confirmed,
    Rejected,
    Failed,
    Cancelled,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Confirmed, Kind::Rejected, Kind::Failed, Kind::Cancelled];

    /// As `outbox.kind` has it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Confirmed => "CONFIRMED",
            Kind::Rejected => "REJECTED",
            Kind::Failed => "FAILED",
            Kind::Cancelled => "CANCELLED",
        }
    }
}

/// A rendered mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Renders the mail that tells `order`'s shopper of `kind`.
pub fn render(order: &Order, kind: Kind) -> Mail {
    let subject = format!("{}: order {}", words::headline(kind), order.number);
    Mail { subject, text: text::body(order, kind), html: html::body(order, kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Line;

    fn order() -> Order {
        let line = |product_id, name: Option<&str>, quantity, unit_price| Line {
            product_id,
            name: name.map(str::to_owned),
            quantity,
            unit_price,
            currency: Some("EUR".to_owned()),
        };
        Order {
            number: "0190d8c4-0000-5000-8000-000000000001".to_owned(),
            status: None,
            reason: Some("OUT_OF_STOCK".to_owned()),
            customer_name: Some("Ada <b>\"Countess\"</b> & Sons".to_owned()),
            email: Some("ada@example.com".to_owned()),
            total_amount: Some(26_97),
            currency: Some("EUR".to_owned()),
            lines: vec![line(1, Some("Lamp <script>alert('x')</script>"), 3, Some(8_99)), line(2, None, 1, None)],
        }
    }

    #[test]
    fn every_kind() {
        for kind in Kind::ALL {
            let mail = render(&order(), kind);
            let whole = format!("{}\n\n{}\n=====\n{}", mail.subject, mail.text, mail.html);
            insta::assert_snapshot!(kind.as_str(), whole);
        }
    }

    #[test]
    fn markup_in_data_stays_text() {
        for kind in Kind::ALL {
            let html = render(&order(), kind).html;
            assert!(!html.contains("<script") && !html.contains("<b>\""), "{html}");
        }
    }

    #[test]
    fn a_failed_order_may_be_just_a_number() {
        let bare =
            Order { customer_name: None, reason: None, total_amount: None, currency: None, lines: vec![], ..order() };
        insta::assert_snapshot!("bare", render(&bare, Kind::Failed).text);
    }

    #[test]
    fn names_come_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("PENDING"), None);
    }
}
