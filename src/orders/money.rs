//! The arithmetic of an order, in decimals.
//!
//! A line's net amount is quantity × unit price × (1 − discount / 100), its tax is the net amount × tax rate / 100;
//! each is rounded once, half away from zero, to four decimals. The totals of an order are the sums of its lines. Four
//! decimals hold a price in cents with a whole percentage taken off exactly, so sums over any number of orders come out
//! as if nothing had been rounded; a figure for people is rounded when it is printed.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::values::{Amount, Percent, Quantity, Total};

const HUNDREDTH: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The amounts of one line, or the totals of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amounts {
    /// After the discount, before tax.
    pub net: Total,
    /// The tax.
    pub tax: Total,
}

/// The amounts of a line; `None` when they exceed the largest total.
pub fn line(quantity: Quantity, unit_price: Amount, discount: Percent, tax_rate: Percent) -> Option<Amounts> {
    let net = quantity.value().checked_mul(net_price(unit_price, discount))?;
    let net = total(net)?;
    let tax = net.value().checked_mul(tax_rate.value())?.checked_mul(HUNDREDTH)?;
    Some(Amounts { net, tax: total(tax)? })
}

/// What one unit costs after the discount, exactly.
pub fn net_price(unit_price: Amount, discount: Percent) -> Decimal {
    unit_price.value() * (Decimal::ONE_HUNDRED - discount.value()) * HUNDREDTH
}

/// The net and tax sums of `lines`, and the total of both; `None` when they exceed the largest total.
pub fn sum(lines: impl IntoIterator<Item = Amounts>) -> Option<(Amounts, Total)> {
    let (mut net, mut tax) = (Decimal::ZERO, Decimal::ZERO);
    for line in lines {
        net = net.checked_add(line.net.value())?;
        tax = tax.checked_add(line.tax.value())?;
    }
    Some((Amounts { net: total(net)?, tax: total(tax)? }, total(net.checked_add(tax)?)?))
}

fn total(value: Decimal) -> Option<Total> {
    Total::new(value.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::{Amounts, line, sum};
    use crate::values::{Amount, Percent, Quantity};

    fn amounts(quantity: &str, price: &str, discount: &str, tax: &str) -> Option<(String, String)> {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        line(
            Quantity::new(decimal(quantity)).unwrap(),
            Amount::new(decimal(price)).unwrap(),
            Percent::new(decimal(discount)).unwrap(),
            Percent::new(decimal(tax)).unwrap(),
        )
        .map(|Amounts { net, tax }| (net.value().to_string(), tax.value().to_string()))
    }

    fn is(net: &str, tax: &str) -> (String, String) {
        (net.to_owned(), tax.to_owned())
    }

    #[test]
    fn amounts_are_rounded_half_away_from_zero_to_four_decimals() {
        assert_eq!(amounts("12", "14", "0", "20"), Some(is("168.0000", "33.6000")));
        assert_eq!(amounts("35", "7.75", "15", "0"), Some(is("230.5625", "0.0000")));
        // 0.001 × 0.05 = 0.00005, and 20 % of 0.0001 is 0.00002.
        assert_eq!(amounts("0.001", "0.05", "0", "20"), Some(is("0.0001", "0.0000")));
        assert_eq!(amounts("0.001", "0.04", "0", "20"), Some(is("0.0000", "0.0000")));
        // Half of the last decimal, in the tax alone: 0.0005 × 50 % = 0.00025.
        assert_eq!(amounts("0.001", "0.50", "0", "50"), Some(is("0.0005", "0.0003")));
        assert_eq!(amounts("3", "99.99", "100", "20"), Some(is("0.0000", "0.0000")));
    }

    #[test]
    fn the_largest_line_is_refused_and_never_fails() {
        assert_eq!(amounts("1000000", "9999999999999", "0", "100"), None);
        assert_eq!(amounts("100", "9999999999999", "0", "0"), Some(is("999999999999900.0000", "0.0000")));
        assert_eq!(amounts("100.001", "9999999999999", "0", "0"), None);
        assert_eq!(amounts("1000000", "9999999999999", "100", "100"), Some(is("0.0000", "0.0000")));
    }

    #[test]
    fn sums_that_pass_the_column_are_refused() {
        let largest = line(
            Quantity::new(Decimal::from(100)).unwrap(),
            Amount::new(Decimal::from(9_999_999_999_999_i64)).unwrap(),
            Percent::new(Decimal::ZERO).unwrap(),
            Percent::new(Decimal::ZERO).unwrap(),
        )
        .unwrap();
        assert!(sum([largest]).is_some());
        assert!(sum([largest, largest]).is_none());
    }

    prop_compose! {
        fn any_line()(
            quantity in 1_i64..=1_000_000_000,
            price in 0_i64..=100_000_000,
            discount in 0_i64..=10_000,
            tax in 0_i64..=10_000,
        ) -> (Quantity, Amount, Percent, Percent) {
            (
                Quantity::new(Decimal::new(quantity, 3)).unwrap(),
                Amount::new(Decimal::new(price, 2)).unwrap(),
                Percent::new(Decimal::new(discount, 2)).unwrap(),
                Percent::new(Decimal::new(tax, 2)).unwrap(),
            )
        }
    }

    proptest! {
        #[test]
        fn totals_are_the_sums_of_the_lines_in_any_order(lines in prop::collection::vec(any_line(), 1..30)) {
            let amounts: Vec<Amounts> = lines.iter().map(|(q, p, d, t)| line(*q, *p, *d, *t).unwrap()).collect();
            let (totals, total) = sum(amounts.iter().copied()).unwrap();
            let net: Decimal = amounts.iter().map(|line| line.net.value()).sum();
            let tax: Decimal = amounts.iter().map(|line| line.tax.value()).sum();
            prop_assert_eq!(totals.net.value(), net);
            prop_assert_eq!(totals.tax.value(), tax);
            prop_assert_eq!(total.value(), net + tax);
            prop_assert_eq!(sum(amounts.into_iter().rev()).unwrap(), (totals, total));
        }

        #[test]
        fn a_line_is_within_half_of_the_last_decimal_of_the_exact_amount((q, p, d, t) in any_line()) {
            let amounts = line(q, p, d, t).unwrap();
            let half = Decimal::new(5, 5);
            // In units of 10^-9 the exact amount is whole.
            let exact = q.value() * p.value() * (Decimal::ONE_HUNDRED - d.value()) / Decimal::ONE_HUNDRED;
            prop_assert!((amounts.net.value() - exact).abs() <= half);
            prop_assert!((amounts.tax.value() - amounts.net.value() * t.value() / Decimal::ONE_HUNDRED).abs() <= half);
            prop_assert_eq!(amounts.net.value().scale(), 4);
        }

        #[test]
        fn a_discount_of_everything_leaves_nothing((q, p, _, t) in any_line()) {
            let amounts = line(q, p, Percent::new(Decimal::ONE_HUNDRED).unwrap(), t).unwrap();
            prop_assert!(amounts.net.value().is_zero() && amounts.tax.value().is_zero());
        }

        #[test]
        fn whole_percentages_of_whole_quantities_are_exact(
            quantity in 1_i64..=1_000, cents in 0_i64..=1_000_000, percent in 0_i64..=100,
        ) {
            let amounts = line(
                Quantity::new(Decimal::from(quantity)).unwrap(),
                Amount::new(Decimal::new(cents, 2)).unwrap(),
                Percent::new(Decimal::from(percent)).unwrap(),
                Percent::new(Decimal::ZERO).unwrap(),
            ).unwrap();
            prop_assert_eq!(amounts.net.value(), Decimal::new(quantity * cents * (100 - percent), 4));
        }
    }
}
