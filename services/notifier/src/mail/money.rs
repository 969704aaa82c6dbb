//! Minor units as people write them.

/// `1299`, `EUR` -> `12.99 EUR`. Digits after the point: ISO 4217.
pub(super) fn format(amount: i64, currency: &str) -> String {
    let digits = match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let unit = 10_u64.pow(digits);
    let (sign, size) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
    let (whole, rest) = (size / unit, size % unit);
    match digits {
        0 => format!("{sign}{whole} {currency}"),
        digits => format!("{sign}{whole}.{rest:0width$} {currency}", width = digits as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn amounts() {
        assert_eq!(format(1299, "EUR"), "12.99 EUR");
        assert_eq!(format(5, "USD"), "0.05 USD");
        assert_eq!(format(1299, "JPY"), "1299 JPY");
        assert_eq!(format(-1, "KWD"), "-0.001 KWD");
        assert_eq!(format(i64::MIN, "EUR"), "-92233720368547758.08 EUR");
    }
}
