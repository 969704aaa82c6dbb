//! Whether an order can be had: products, prices, stock. All of it or nothing.

use std::collections::BTreeMap;

use order_events::{Currency, Money, OrderPlaced};

use super::{Product, State};

/// Why an order is REJECTED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A product is not in the catalogue.
    UnknownProduct,
    /// Products of several currencies, or a shopper's price in another one than the product's.
    CurrencyMismatch,
    /// The price that the shopper saw is no longer true.
    PriceChanged,
    /// The sum does not fit 64 bits.
    TotalTooLarge,
    /// Not enough of a product.
    OutOfStock,
}

impl Rejection {
    /// As rows and answers have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownProduct => "UNKNOWN_PRODUCT",
            Self::CurrencyMismatch => "CURRENCY_MISMATCH",
            Self::PriceChanged => "PRICE_CHANGED",
            Self::TotalTooLarge => "TOTAL_TOO_LARGE",
            Self::OutOfStock => "OUT_OF_STOCK",
        }
    }
}

/// One line of an order with the product as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The product.
    pub product_id: u64,
    /// How many.
    pub quantity: u32,
    /// None: not in the catalogue.
    pub product: Option<Product>,
}

pub(super) struct Offer {
    pub(super) lines: Vec<Line>,
    pub(super) total: Option<Money>,
    pub(super) rejection: Option<Rejection>,
    /// Units by product, lines of the same product added up: each line alone may fit where their sum does not.
    pub(super) demand: Vec<(u64, i64)>,
}

pub(super) fn judge(order: &OrderPlaced, state: &State) -> Offer {
    let lines: Vec<Line> = order
        .items
        .iter()
        .map(|item| Line {
            product_id: item.product_id,
            quantity: item.quantity,
            product: state.products.get(&item.product_id).cloned(),
        })
        .collect();
    let mut demand = BTreeMap::<u64, i64>::new();
    for line in &lines {
        // u32 quantities of at most as many lines as a record holds cannot overflow 63 bits.
        *demand.entry(line.product_id).or_insert(0) += i64::from(line.quantity);
    }
    let total = total(&lines);
    let out_of_stock = || demand.iter().any(|(product, wanted)| state.stock.get(product).unwrap_or(&0) < wanted);
    let rejection = match total {
        Err(rejection) => Some(rejection),
        Ok(_) => price_complaint(order, &lines).or_else(|| out_of_stock().then_some(Rejection::OutOfStock)),
    };
    Offer { total: total.ok(), rejection, demand: demand.into_iter().collect(), lines }
}

fn total(lines: &[Line]) -> Result<Money, Rejection> {
    let mut sum: Option<(i128, Currency)> = None;
    for line in lines {
        let price = line.product.as_ref().ok_or(Rejection::UnknownProduct)?.price;
        let (amount, currency) = sum.unwrap_or((0, price.currency));
        if currency != price.currency {
            return Err(Rejection::CurrencyMismatch);
        }
        sum = Some((amount + i128::from(price.amount) * i128::from(line.quantity), currency));
    }
    let (amount, currency) = sum.ok_or(Rejection::UnknownProduct)?;
    Ok(Money { amount: i64::try_from(amount).map_err(|_| Rejection::TotalTooLarge)?, currency })
}

fn price_complaint(order: &OrderPlaced, lines: &[Line]) -> Option<Rejection> {
    order.items.iter().zip(lines).find_map(|(item, line)| {
        let (seen, now) = (item.unit_price?, line.product.as_ref()?.price);
        if seen.currency != now.currency {
            Some(Rejection::CurrencyMismatch)
        } else {
            (seen.amount != now.amount).then_some(Rejection::PriceChanged)
        }
    })
}
