//! What the lines of a paper come to, in decimals.
//!
//! A line's price is quantity × unit price × (1 − discount / 100). Where prices are without tax, that is its net amount, and its
//! tax is net × rate / 100. Where prices include the tax, that is its gross amount, of which gross × rate / (100 + rate) is tax.
//! The tax is taken from the amount that stands on the paper, so that whoever reads it comes to the same. Totals are the sums of
//! the lines.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::rounding::{RoundedPer, Rounding};
use crate::values::{Amount, CurrencyCode, Percent, Quantity, Total};

const HUNDREDTH: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What decides the amounts of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// How much.
    pub quantity: Quantity,
    /// What one unit costs.
    pub unit_price: Amount,
    /// What is taken off.
    pub discount_percent: Percent,
    /// The rate of the tax.
    pub tax_rate: Percent,
}

/// The amounts of one line, or the totals of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amounts {
    /// After the discount, before tax.
    pub net: Total,
    /// The tax.
    pub tax: Total,
}

/// How the amounts of a paper are made. They are kept with the paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How they are rounded.
    pub rounding: Rounding,
    /// What is rounded.
    pub rounded_per: RoundedPer,
    /// Whether unit prices include the tax.
    pub prices_include_tax: bool,
}

/// The amounts of `lines` in `currency`.
///
/// # Errors
/// The place of a line whose amounts exceed the largest total.
pub fn amounts(
    lines: impl IntoIterator<Item = Figures>,
    rules: Rules,
    currency: &CurrencyCode,
) -> Result<Vec<Amounts>, usize> {
    let mut paper = Paper::new(rules, currency.minor_digits());
    lines.into_iter().enumerate().map(|(at, line)| paper.add(line).ok_or(at)).collect()
}

/// The net and tax sums of `lines`, and the total of both; `None` when they exceed the largest total.
pub fn sum(lines: impl IntoIterator<Item = Amounts>) -> Option<(Amounts, Total)> {
    let (mut net, mut tax) = (Decimal::ZERO, Decimal::ZERO);
    for line in lines {
        net = net.checked_add(line.net.value())?;
        tax = tax.checked_add(line.tax.value())?;
    }
    let total = Total::new(net.checked_add(tax)?).ok()?;
    Some((Amounts { net: Total::new(net).ok()?, tax: Total::new(tax).ok()? }, total))
}

/// What one unit costs after the discount, exactly.
pub fn net_price(unit_price: Amount, discount: Percent) -> Decimal {
    unit_price.value() * (Decimal::ONE_HUNDRED - discount.value()) * HUNDREDTH
}

/// The lines of a paper that were added so far.
struct Paper {
    rules: Rules,
    digits: u32,
    prices: Share,
    /// One for each rate.
    taxes: BTreeMap<Decimal, Share>,
}

/// A sum, and what of its rounded value the lines have so far.
#[derive(Default)]
struct Share {
    sum: Decimal,
    given: Decimal,
}

impl Paper {
    fn new(rules: Rules, digits: u32) -> Self {
        Self { rules, digits, prices: Share::default(), taxes: BTreeMap::new() }
    }

    fn add(&mut self, line: Figures) -> Option<Amounts> {
        let price = line.quantity.value().checked_mul(net_price(line.unit_price, line.discount_percent))?;
        let price = self.rounded_price(price)?;
        let tax = self.rounded_tax(price, line.tax_rate.value())?;
        let net = if self.rules.prices_include_tax { price - tax } else { price };
        Some(Amounts { net: Total::new(net).ok()?, tax: Total::new(tax).ok()? })
    }

    fn rounded_price(&mut self, price: Decimal) -> Option<Decimal> {
        let (rounding, digits) = (self.rules.rounding, self.digits);
        match self.rules.rounded_per {
            RoundedPer::Line => Some(rounding.round(price, digits)),
            RoundedPer::Document => self.prices.next(price, |sum| Some(rounding.round(sum, digits))),
        }
    }

    fn rounded_tax(&mut self, price: Decimal, rate: Decimal) -> Option<Decimal> {
        let Rules { rounding, rounded_per, prices_include_tax } = self.rules;
        let digits = self.digits;
        let tax_of = |sum: Decimal| {
            let hundred_times = sum.checked_mul(rate)?;
            let exact = match prices_include_tax {
                true => hundred_times.checked_div(Decimal::ONE_HUNDRED + rate)?,
                false => hundred_times.checked_mul(HUNDREDTH)?,
            };
            Some(rounding.round(exact, digits))
        };
        match rounded_per {
            RoundedPer::Line => tax_of(price),
            RoundedPer::Document => self.taxes.entry(rate).or_default().next(price, tax_of),
        }
    }
}

impl Share {
    /// What a line that adds `part` to the sum has of the rounded value.
    fn next(&mut self, part: Decimal, rounded: impl Fn(Decimal) -> Option<Decimal>) -> Option<Decimal> {
        self.sum = self.sum.checked_add(part)?;
        let whole = rounded(self.sum)?;
        let share = whole - self.given;
        self.given = whole;
        Some(share)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::{Amounts, Figures, Rules, amounts, sum};
    use crate::{
        pricing::{RoundedPer, Rounding},
        values::{Amount, CurrencyCode, Percent, Quantity},
    };

    fn figures(quantity: &str, price: &str, discount: &str, tax: &str) -> Figures {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        Figures {
            quantity: Quantity::new(decimal(quantity)).unwrap(),
            unit_price: Amount::new(decimal(price)).unwrap(),
            discount_percent: Percent::new(decimal(discount)).unwrap(),
            tax_rate: Percent::new(decimal(tax)).unwrap(),
        }
    }

    fn currency(code: &str) -> CurrencyCode {
        CurrencyCode::parse(code).unwrap()
    }

    fn rules(rounding: Rounding, rounded_per: RoundedPer, prices_include_tax: bool) -> Rules {
        Rules { rounding, rounded_per, prices_include_tax }
    }

    /// Net and tax of each line.
    fn made(lines: &[Figures], rules: Rules, code: &str) -> Vec<(String, String)> {
        let text = |value: Decimal| value.normalize().to_string();
        let made = amounts(lines.iter().copied(), rules, &currency(code)).unwrap();
        made.iter().map(|Amounts { net, tax }| (text(net.value()), text(tax.value()))).collect()
    }

    fn is(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(net, tax)| ((*net).to_owned(), (*tax).to_owned())).collect()
    }

    #[test]
    fn a_line_is_rounded_to_what_can_be_paid() {
        let odd = [figures("0.333", "7.70", "4.5", "10"), figures("1", "0.05", "0", "50")];
        // 0.333 × 7.70 × 0.955 = 2.4487155.
        let up = rules(Rounding::HalfUp, RoundedPer::Line, false);
        assert_eq!(made(&odd, up, "RUB"), is(&[("2.45", "0.25"), ("0.05", "0.03")]));
        let even = rules(Rounding::HalfEven, RoundedPer::Line, false);
        assert_eq!(made(&odd, even, "RUB"), is(&[("2.45", "0.24"), ("0.05", "0.02")]));
        assert_eq!(made(&odd, up, "JPY"), is(&[("2", "0"), ("0", "0")]));
        let source = rules(Rounding::None, RoundedPer::Line, false);
        assert_eq!(made(&odd, source, "RUB"), is(&[("2.4487", "0.2449"), ("0.05", "0.025")]));
    }

    #[test]
    fn a_price_with_tax_is_split() {
        let lines = [figures("1", "120", "0", "20"), figures("1", "100", "0", "20"), figures("1", "10", "0", "0")];
        let with_tax = rules(Rounding::HalfUp, RoundedPer::Line, true);
        assert_eq!(made(&lines, with_tax, "RUB"), is(&[("100", "20"), ("83.33", "16.67"), ("10", "0")]));
    }

    #[test]
    fn the_lines_of_a_paper_share_its_rounding() {
        let lines = [figures("1", "0.10", "5", "0"); 3];
        // 3 × 0.095 = 0.285.
        let whole = rules(Rounding::HalfUp, RoundedPer::Document, false);
        assert_eq!(made(&lines, whole, "RUB"), is(&[("0.1", "0"), ("0.09", "0"), ("0.1", "0")]));
        let each = rules(Rounding::HalfUp, RoundedPer::Line, false);
        assert_eq!(made(&lines, each, "RUB"), is(&[("0.1", "0"), ("0.1", "0"), ("0.1", "0")]));
    }

    #[test]
    fn what_is_too_large_is_named() {
        let largest = figures("1000000", "9999999999999", "0", "0");
        let lines = [figures("1", "1", "0", "0"), largest];
        assert_eq!(amounts(lines, Rules::default(), &currency("RUB")), Err(1));
        let many = [figures("100", "9999999999999", "0", "0"); 2];
        assert_eq!(sum(amounts(many, Rules::default(), &currency("RUB")).unwrap()), None);
    }

    /// A fraction in lowest terms is not needed: the denominators of a basket stay small.
    #[derive(Clone, Copy)]
    struct Fraction {
        over: i128,
        under: i128,
    }

    impl Fraction {
        /// In units of which `per_one` make one, rounded.
        fn rounded(self, per_one: i128, rounding: Rounding) -> i128 {
            let (over, under) = (self.over * per_one, self.under);
            let (whole, rest) = (over / under, over % under);
            let up = match rounding {
                Rounding::HalfEven => 2 * rest > under || (2 * rest == under && whole % 2 == 1),
                _ => 2 * rest >= under,
            };
            whole + i128::from(up)
        }
    }

    /// A line in whole numbers: thousandths, hundredths, hundredths of a percent twice.
    type Whole = (i64, i64, i64, i64);

    /// The prices, nets and taxes that a paper has, computed with fractions of whole numbers.
    fn expected(lines: &[Whole], rules: Rules, per_one: i128) -> Vec<(i128, i128)> {
        let price = |(quantity, price, discount, _): &Whole| Fraction {
            over: i128::from(*quantity) * i128::from(*price) * i128::from(10_000 - discount),
            under: 1_000_000_000,
        };
        let tax = |base: i128, rate: i64| {
            let rate = i128::from(rate);
            let under = if rules.prices_include_tax { 10_000 + rate } else { 10_000 };
            Fraction { over: base * rate, under: under * per_one }.rounded(per_one, rules.rounding)
        };
        let mut made: Vec<(i128, i128)> = Vec::new();
        let mut prices: Vec<i128> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let so_far = |count: usize| {
                let over = lines.iter().take(count).map(|line| price(line).over).sum();
                Fraction { over, under: 1_000_000_000 }.rounded(per_one, rules.rounding)
            };
            prices.push(match rules.rounded_per {
                RoundedPer::Line => price(line).rounded(per_one, rules.rounding),
                RoundedPer::Document => so_far(at + 1) - so_far(at),
            });
            let of_rate = |count: usize| {
                let same = lines.iter().zip(&prices).take(count).filter(|(other, _)| other.3 == line.3);
                tax(same.map(|(_, price)| price).sum(), line.3)
            };
            let own = match rules.rounded_per {
                RoundedPer::Line => tax(prices[at], line.3),
                RoundedPer::Document => of_rate(at + 1) - of_rate(at),
            };
            made.push((if rules.prices_include_tax { prices[at] - own } else { prices[at] }, own));
        }
        made
    }

    fn line() -> impl Strategy<Value = Whole> {
        let rate = prop_oneof![Just(0_i64), Just(1000), Just(2000), Just(1666), 0_i64..=10_000];
        (1_i64..=1_000_000_000, 0_i64..=100_000_000, 0_i64..=10_000, rate)
    }

    proptest! {
        // Each case is a basket under each of the twelve rules in two currencies.
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 4_200 } else { 100_000 }))]
        #[test]
        fn amounts_are_those_of_exact_fractions(lines in proptest::collection::vec(line(), 1..12)) {
            let hundredths = |value: i64| Decimal::new(value, 2);
            let figures: Vec<Figures> = lines.iter().map(|(quantity, price, discount, rate)| Figures {
                quantity: Quantity::new(Decimal::new(*quantity, 3)).unwrap(),
                unit_price: Amount::new(hundredths(*price)).unwrap(),
                discount_percent: Percent::new(hundredths(*discount)).unwrap(),
                tax_rate: Percent::new(hundredths(*rate)).unwrap(),
            }).collect();
            for rounding in [Rounding::HalfUp, Rounding::HalfEven, Rounding::None] {
                for rounded_per in [RoundedPer::Line, RoundedPer::Document] {
                    for with_tax in [false, true] {
                        for (code, digits) in [("RUB", 2), ("JPY", 0)] {
                            let rules = rules(rounding, rounded_per, with_tax);
                            let digits = if rounding == Rounding::None { 4 } else { digits };
                            let made = amounts(figures.iter().copied(), rules, &currency(code)).unwrap();
                            let wanted = expected(&lines, rules, 10_i128.pow(digits));
                            let whole = |value: Decimal| (value * Decimal::from(10_i64.pow(digits))).to_string().parse::<Decimal>().unwrap().normalize().to_string();
                            for (made, (net, tax)) in made.iter().zip(&wanted) {
                                prop_assert_eq!(whole(made.net.value()), net.to_string(), "{:?} {}", rules, code);
                                prop_assert_eq!(whole(made.tax.value()), tax.to_string(), "{:?} {}", rules, code);
                            }
                            let (totals, total) = sum(made).unwrap();
                            let net: i128 = wanted.iter().map(|(net, _)| net).sum();
                            let tax: i128 = wanted.iter().map(|(_, tax)| tax).sum();
                            prop_assert_eq!(whole(totals.net.value()), net.to_string());
                            prop_assert_eq!(whole(total.value()), (net + tax).to_string());
                        }
                    }
                }
            }
        }
    }
}
