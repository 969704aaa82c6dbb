//! A product as callers write it. Pure.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use service_runtime::problem::FieldError;
use utoipa::ToSchema;

/// A product's text and price. Stock is not among them: it has a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductText {
    /// The shop's own article number, unique; 1 to 64 characters.
    pub sku: String,
    /// 1 to 255 characters.
    pub name: String,
    /// Up to 4,000 characters.
    #[serde(default)]
    pub description: String,
    pub price: Price,
}

/// An amount in minor units (cents) of an ISO 4217 currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    pub amount: i64,
    #[schema(example = "EUR")]
    pub currency: String,
}

/// One line of an import or export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// Absent: the product with this sku, or a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub sku: String,
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub price: Price,
    /// Pieces on stock; the difference goes through the ledger. Absent: the stock stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<i64>,
}

/// The columns of a CSV file.
pub(crate) const COLUMNS: [&str; 7] = ["id", "sku", "name", "description", "amount", "currency", "stock"];

impl ProductText {
    /// All that is wrong, each with its pointer.
    pub(crate) fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut check = |pointer: &str, is_right: bool, detail: &str| {
            if !is_right {
                errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() });
            }
        };
        let length = |text: &str| text.chars().count();
        check("/sku", (1..=64).contains(&length(&self.sku)), "must have 1 to 64 characters");
        check("/name", (1..=255).contains(&length(&self.name)), "must have 1 to 255 characters");
        check("/description", length(&self.description) <= 4000, "must have at most 4000 characters");
        check("/price/amount", self.price.amount >= 0, "must not be negative");
        let currency = &self.price.currency;
        let iso = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        check("/price/currency", iso, "must be three capital letters of ISO 4217");
        errors
    }
}

impl Row {
    /// Reads a line of JSON.
    pub(crate) fn of_json(line: &[u8]) -> Result<Self, String> {
        let row: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        row.checked()
    }

    /// Reads a record's fields by the names of their columns.
    pub(crate) fn of_fields(fields: &HashMap<&str, &str>) -> Result<Self, String> {
        let text = |name: &str| fields.get(name).copied().unwrap_or_default();
        let number = |name: &str| match text(name) {
            "" => Ok(None),
            digits => digits.parse::<i64>().map(Some).map_err(|_| format!("{name} must be a whole number")),
        };
        let id = match text("id") {
            "" => None,
            digits => Some(digits.parse().map_err(|_| "id must be a whole number".to_owned())?),
        };
        let amount = number("amount")?.ok_or("amount is missing")?;
        let row = Self {
            id,
            sku: text("sku").to_owned(),
            name: text("name").to_owned(),
            description: text("description").to_owned(),
            price: Price { amount, currency: text("currency").to_owned() },
            stock: number("stock")?,
        };
        row.checked()
    }

    fn checked(self) -> Result<Self, String> {
        let Self { sku, name, description, price, .. } = self.clone();
        let mut errors = ProductText { sku, name, description, price }.errors();
        let mut wrong = |pointer: &str, detail: &str| {
            errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() });
        };
        if self.id == Some(0) {
            wrong("/id", "must be 1 or more");
        }
        if self.stock.is_some_and(|stock| stock < 0) {
            wrong("/stock", "must not be negative");
        }
        if errors.is_empty() {
            return Ok(self);
        }
        let all: Vec<_> = errors.iter().map(|error| format!("{} {}", &error.pointer[1..], error.detail)).collect();
        Err(all.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_or_says_what_is_wrong() {
        let row =
            Row::of_json(br#"{"sku":"A","name":"Lamp","price":{"amount":5,"currency":"EUR"},"stock":3}"#).unwrap();
        assert_eq!((row.id, row.stock, row.description.as_str()), (None, Some(3), ""));
        for (line, said) in [
            (r#"{"sku":"A"}"#, "missing field"),
            (r#"{"sku":"A","name":"L","price":{"amount":1,"currency":"EUR"},"colour":1}"#, "unknown field"),
            (r#"{"sku":"","name":"L","price":{"amount":-1,"currency":"eur"}}"#, "sku must have"),
            (r#"{"id":0,"sku":"A","name":"L","price":{"amount":1,"currency":"EUR"}}"#, "id must be 1"),
            ("[", "EOF"),
        ] {
            let error = Row::of_json(line.as_bytes()).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn fields_are_read_by_their_columns() {
        let fields = HashMap::from([("sku", "A"), ("name", "Lamp"), ("amount", "5"), ("currency", "EUR"), ("id", "7")]);
        let row = Row::of_fields(&fields).unwrap();
        assert_eq!((row.id, row.price.amount, row.stock), (Some(7), 5, None));
        let fields = HashMap::from([("sku", "A"), ("name", "Lamp"), ("amount", "5.5"), ("currency", "EUR")]);
        assert_eq!(Row::of_fields(&fields).unwrap_err(), "amount must be a whole number");
    }
}
