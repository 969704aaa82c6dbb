//! The body of `POST /api/orders` as the API's description shows it. What counts is the reading in this module's
//! parent; a test holds both against each other.

use serde::Deserialize;
use utoipa::ToSchema;

/// An order to place. No field but these is taken, and nothing shaped like a payment card's number in any of them.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(crate) struct PlaceOrder {
    customer: PlaceCustomer,
    /// The same product may stand in several lines.
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<PlaceItem>,
    payment: PlacePayment,
}

/// Who orders.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(crate) struct PlaceCustomer {
    #[schema(min_length = 1, max_length = 200, example = "Ann Example")]
    name: String,
    #[schema(format = Email, max_length = 254, example = "ann@example.org")]
    email: String,
    #[schema(min_length = 1, max_length = 1000, example = "Street 1, 12345 Town")]
    address: String,
}

/// One line.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(crate) struct PlaceItem {
    #[schema(minimum = 1, example = 17)]
    product_id: u64,
    #[schema(minimum = 1, maximum = 10000, example = 2)]
    quantity: u32,
    /// The price the shopper saw. When it is given and no longer true, the order is rejected with PRICE_CHANGED.
    unit_price: Option<PlaceMoney>,
}

/// Integer minor units of a currency.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(crate) struct PlaceMoney {
    #[schema(minimum = 0, maximum = 900000000000_i64, example = 1999)]
    amount: i64,
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

/// A payment provider's method and token; never a card.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(crate) struct PlacePayment {
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+$", example = "card")]
    method: String,
    #[schema(min_length = 1, max_length = 255, pattern = "^[!-~]+$", example = "tok_1")]
    token: String,
}
