//! From the JSON of `POST /api/orders` to an order that cannot be wrong, or to a list of everything that is.
//!
//! Types are strict (no number in a text, no text for a number), unknown fields are refused, limits are those of
//! the tables. Nothing of what was sent appears in a violation, only where it was.

pub(crate) mod email;
pub(crate) mod object;
pub(crate) mod schema;
pub(crate) mod text;
pub(crate) mod violations;

use order_events::{Currency, Customer, Fingerprint, Money, OrderLine, Payment, fingerprint};

use crate::json::Json;
use object::{Fields, integer, object};
pub use violations::Violation;
use violations::{At, Violations};

/// Lines of one order.
pub const MAX_ITEMS: usize = 100;
/// Pieces in one line.
pub const MAX_QUANTITY: i128 = 10_000;
/// Minor units of one unit price: 100 lines of 10,000 pieces still fit a 64-bit total.
pub const MAX_UNIT_PRICE: i128 = 900_000_000_000;
/// Characters, as the tables have them.
pub const MAX_NAME: usize = 200;
/// Characters of an e-mail address (RFC 5321 4.5.3.1.3, less the angle brackets).
pub const MAX_EMAIL: usize = 254;
/// Characters.
pub const MAX_ADDRESS: usize = 1_000;
/// Characters.
pub const MAX_METHOD: usize = 64;
/// Characters.
pub const MAX_TOKEN: usize = 255;

/// A valid body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Who orders.
    pub customer: Customer,
    /// 1 to 100 lines; the same product may stand in several.
    pub items: Vec<OrderLine>,
    /// Method and provider's token.
    pub payment: Payment,
}

impl NewOrder {
    /// Tells another body under the same key apart.
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.customer, &self.items, &self.payment.method)
    }
}

/// Reads a body; the error holds every violation, in the order of the document.
pub fn validate(body: &Json<'_>) -> Result<NewOrder, Vec<Violation>> {
    let mut violations = Violations::default();
    let order = order(body, &mut violations);
    match (order, violations.into_list()) {
        (Some(order), list) if list.is_empty() => Ok(order),
        (_, list) => Err(list),
    }
}

fn order(body: &Json<'_>, violations: &mut Violations) -> Option<NewOrder> {
    let at = At::Root;
    let mut fields = object(body, &["customer", "items", "payment"], at, violations)?;
    let customer = fields.required("customer", violations, customer);
    let items = fields.required("items", violations, items);
    let payment = fields.required("payment", violations, payment);
    Some(NewOrder { customer: customer?, items: items?, payment: payment? })
}

fn customer(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<Customer> {
    let mut fields = object(json, &["name", "email", "address"], at, violations)?;
    let name = fields.required("name", violations, |json, at, v| text::line(json, MAX_NAME, at, v));
    let email = fields.required("email", violations, email::email);
    let address = fields.required("address", violations, |json, at, v| text::lines(json, MAX_ADDRESS, at, v));
    Some(Customer { name: name?, email: email?, address: address? })
}

fn items(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<Vec<OrderLine>> {
    let Json::List(list) = json else {
        violations.add(at, "must be a list");
        return None;
    };
    if list.is_empty() || list.len() > MAX_ITEMS {
        violations.add(at, format!("must have 1 to {MAX_ITEMS} items"));
        return None;
    }
    // Not `map_while` nor `collect::<Option<_>>`: these stop at the first wrong item.
    let mut lines = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        lines.extend(line(item, At::Index(&at, index), violations));
    }
    Some(lines)
}

fn line(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<OrderLine> {
    let mut fields = object(json, &["productId", "quantity", "unitPrice"], at, violations)?;
    let product_id = fields.required("productId", violations, |json, at, v| integer(json, 1..=u64::MAX.into(), at, v));
    let quantity = fields.required("quantity", violations, |json, at, v| integer(json, 1..=MAX_QUANTITY, at, v));
    let unit_price = fields.optional("unitPrice", violations, money);
    Some(OrderLine { product_id: product_id?, quantity: quantity?, unit_price })
}

fn money(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<Money> {
    let mut fields: Fields<'_, '_, '_> = object(json, &["amount", "currency"], at, violations)?;
    let amount = fields.required("amount", violations, |json, at, v| integer(json, 0..=MAX_UNIT_PRICE, at, v));
    let currency = fields.required("currency", violations, currency);
    Some(Money { amount: amount?, currency: currency? })
}

fn currency(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<Currency> {
    let code = text::any(json, at, violations)?;
    let currency = Currency::new(code).ok();
    if currency.is_none() {
        violations.add(at, "must be a currency of ISO 4217: three letters A to Z");
    }
    currency
}

fn payment(json: &Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<Payment> {
    let mut fields = object(json, &["method", "token"], at, violations)?;
    let method = fields.required("method", violations, |json, at, v| text::visible_ascii(json, MAX_METHOD, at, v));
    let token = fields.required("token", violations, |json, at, v| text::visible_ascii(json, MAX_TOKEN, at, v));
    Some(Payment { method: method?, token: token? })
}

#[cfg(test)]
mod tests;
