//! The requisites of companies: registration numbers and bank accounts, with their check digits.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Checked, Invalid, Line, Rule, Say};

/// The code of the reason for a tax registration (КПП).
pub type Kpp = Checked<rules::Kpp>;
/// A number in the register of companies (ОГРН) or of entrepreneurs (ОГРНИП) with right check digits.
pub type RegistrationNumber = Checked<rules::RegistrationNumber>;
/// A bank's identification code.
pub type Bic = Checked<rules::Bic>;
/// The number of a bank account.
pub type AccountNumber = Checked<rules::AccountNumber>;

/// An account at a bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// The bank's name.
    pub bank: Option<Line>,
    /// The bank's identification code.
    pub bic: Bic,
    /// The account's number.
    pub account: AccountNumber,
    /// The bank's own account at the central bank; Russian banks have one.
    pub correspondent_account: Option<AccountNumber>,
}

impl BankAccount {
    /// Which member is wrong beside the others, if one is: the numbers of accounts at a Russian bank have a check digit
    /// that depends on the bank.
    pub fn breach(&self) -> Option<(&'static str, Invalid)> {
        let bic = self.bic.as_str();
        if !is_russian(bic) {
            return None;
        }
        let correspondent = self.correspondent_account.as_ref();
        let numbers = [("account", Some(&self.account)), ("correspondent_account", correspondent)];
        let wrong = numbers.into_iter().find(|(_, number)| number.is_some_and(|number| !is_at(bic, number.as_str())));
        wrong.map(|(member, _)| (member, not_of_bank()))
    }
}

fn not_of_bank() -> Invalid {
    let say = Say::new(
        "No account at this bank has such a number: check both numbers.",
        "Счёта с таким номером в этом банке быть не может: проверьте оба номера.",
    );
    Invalid::Rule("not_of_bank", say)
}

/// Whether the code is one of the Bank of Russia: nine digits. Others are letters and digits of ISO 9362.
fn is_russian(bic: &str) -> bool {
    bic.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an account of 20 digits can be at the Russian bank with this code: the weighted sum of the digits of both ends
/// in zero (Bank of Russia, letter 515 of 1997). Accounts at the central bank itself, whose own numbers begin with 301,
/// take another part of the code.
fn is_at(bic: &str, account: &str) -> bool {
    const WEIGHTS: [u32; 3] = [7, 1, 3];
    let at_central_bank =
        account.starts_with("301") || bic.ends_with("000") || bic.ends_with("001") || bic.ends_with("002");
    let of_bank =
        if at_central_bank { bic.get(4..6).map(|part| format!("0{part}")) } else { bic.get(6..9).map(str::to_owned) };
    let Some(of_bank) = of_bank else { return false };
    let digits: Option<Vec<u32>> = of_bank.chars().chain(account.chars()).map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() == 23) else { return false };
    let sum: u32 = digits.iter().zip(WEIGHTS.iter().cycle()).map(|(digit, weight)| digit * weight % 10).sum();
    sum.is_multiple_of(10)
}

/// The rules of [`Kpp`], [`RegistrationNumber`] and the others.
pub mod rules {
    use super::{Invalid, Rule};
    use crate::values::without_spaces;

    /// See [`super::Kpp`].
    #[derive(Debug)]
    pub struct Kpp;
    impl Rule for Kpp {
        const NAME: &'static str = "Kpp";
        const ABOUT: &'static str = "The code of the reason for a tax registration (KPP): four digits of the tax office, two \
             digits or letters of the reason, and three digits.";
        const MAX: usize = 20;
        const PATTERN: &'static str = r"^\s*([0-9]\s*){4}([0-9A-Z]\s*){2}([0-9]\s*){3}$";
        const EXAMPLE: &'static str = "773601001";

        fn check(text: &str) -> Result<String, Invalid> {
            let code = without_spaces(text);
            let right = code.len() == 9
                && code
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| byte.is_ascii_digit() || (matches!(at, 4 | 5) && byte.is_ascii_uppercase()));
            right.then_some(code).ok_or(Invalid::Kpp)
        }
    }

    /// See [`super::RegistrationNumber`].
    #[derive(Debug)]
    pub struct RegistrationNumber;
    impl Rule for RegistrationNumber {
        const NAME: &'static str = "RegistrationNumber";
        const ABOUT: &'static str = "A number in the Russian register of companies (OGRN), 13 digits, or of entrepreneurs \
             (OGRNIP), 15 digits, check digit verified.";
        const MAX: usize = 30;
        const PATTERN: &'static str = r"^\s*([0-9]\s*){13}(([0-9]\s*){2})?$";
        const EXAMPLE: &'static str = "1027700132195";

        fn check(text: &str) -> Result<String, Invalid> {
            let number = without_spaces(text);
            // The check digit is the last one of the remainder of what stands before it, by 11 or by 13.
            let divisor = match number.len() {
                13 => 11,
                15 => 13,
                _ => return Err(Invalid::RegistrationNumber),
            };
            let digits: u64 = number.parse().map_err(|_not_a_number| Invalid::RegistrationNumber)?;
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && digits > 0;
            let right = is_number && (digits / 10) % divisor % 10 == digits % 10;
            right.then_some(number).ok_or(Invalid::RegistrationNumber)
        }
    }

    /// See [`super::Bic`].
    #[derive(Debug)]
    pub struct Bic;
    impl Rule for Bic {
        const NAME: &'static str = "Bic";
        const ABOUT: &'static str = "A bank's identification code: nine digits of the Bank of Russia, or 8 or 11 letters and digits of ISO 9362.";
        const MAX: usize = 20;
        const PATTERN: &'static str =
            r"^\s*(0\s*([0-9]\s*){8}|([A-Za-z]\s*){6}([A-Za-z0-9]\s*){2}(([A-Za-z0-9]\s*){3})?)$";
        const EXAMPLE: &'static str = "044525225";

        fn check(text: &str) -> Result<String, Invalid> {
            let code = without_spaces(text).to_ascii_uppercase();
            let russian = code.len() == 9 && code.starts_with('0') && code.bytes().all(|byte| byte.is_ascii_digit());
            let international = matches!(code.len(), 8 | 11)
                && code
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| byte.is_ascii_uppercase() || (at >= 6 && byte.is_ascii_digit()));
            (russian || international).then_some(code).ok_or(Invalid::Bic)
        }
    }

    /// See [`super::AccountNumber`].
    #[derive(Debug)]
    pub struct AccountNumber;
    impl Rule for AccountNumber {
        const NAME: &'static str = "AccountNumber";
        const ABOUT: &'static str = "The number of a bank account: digits, 20 of them in Russia, or an IBAN (ISO 13616) with \
             right check digits.";
        const MAX: usize = 50;
        const PATTERN: &'static str = r"^\s*(([0-9]\s*){5,30}|([A-Za-z]\s*){2}([0-9]\s*){2}([A-Za-z0-9]\s*){11,30})$";
        const EXAMPLE: &'static str = "DE89370400440532013000";

        fn check(text: &str) -> Result<String, Invalid> {
            let number = without_spaces(text).to_ascii_uppercase();
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let right = if digits { (5..=30).contains(&number.len()) } else { is_iban(&number) };
            right.then_some(number).ok_or(Invalid::AccountNumber)
        }
    }

    /// Whether the first four characters, moved to the end, make the whole a number that leaves 1 when divided by 97. A
    /// letter counts as two digits, from 10 for A.
    fn is_iban(number: &str) -> bool {
        let Some((head, rest)) = number.split_at_checked(4) else { return false };
        let shaped = (15..=34).contains(&number.len())
            && head.bytes().enumerate().all(
                |(at, byte)| {
                    if at < 2 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() }
                },
            );
        let remainder = rest.chars().chain(head.chars()).try_fold(0_u32, |remainder, c| {
            let value = c.to_digit(36)?;
            Some((remainder * if value < 10 { 10 } else { 100 } + value) % 97)
        });
        shaped && remainder == Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountNumber, BankAccount, Bic, Kpp, RegistrationNumber};

    #[test]
    fn check_digits_are_verified() {
        for right in ["1027700132195", "1037739010891", " 304500116000157 ", "1 027 700 132 195"] {
            assert!(RegistrationNumber::parse(right.trim()).is_ok(), "{right}");
        }
        for wrong in ["1027700132196", "304500116000158", "0000000000000", "123", "10277001321950", "102770013219x"] {
            assert!(RegistrationNumber::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["DE89370400440532013000", "de89 3704 0044 0532 0130 00", "40702810938000000001"] {
            assert!(AccountNumber::parse(right).is_ok(), "{right}");
        }
        for wrong in ["DE89370400440532013001", "1234", "XX", "DE893704004405320130-0"] {
            assert!(AccountNumber::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn codes_have_their_form() {
        for right in ["773601001", "7736AB001", "7736 01001"] {
            assert!(Kpp::parse(right).is_ok(), "{right}");
        }
        for wrong in ["77360100", "A73601001", "7736ab001", "7736010011"] {
            assert!(Kpp::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["044525225", "DEUTDEFF", "deutdeff500", "SABRRUMM"] {
            assert!(Bic::parse(right).is_ok(), "{right}");
        }
        for wrong in ["144525225", "04452522", "DEUTDEF", "DEUT1EFF"] {
            assert!(Bic::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn account(bic: &str, number: &str, correspondent: Option<&str>) -> BankAccount {
        BankAccount {
            bank: None,
            bic: Bic::parse(bic).unwrap(),
            account: AccountNumber::parse(number).unwrap(),
            correspondent_account: correspondent.map(|number| AccountNumber::parse(number).unwrap()),
        }
    }

    #[test]
    fn an_account_fits_its_bank() {
        let right = account("044525225", "40702810638050013199", Some("30101810400000000225"));
        assert_eq!(right.breach(), None);
        let wrong = |account: BankAccount| account.breach().map(|(member, _)| member);
        let other = account("044525225", "40702810738050013199", Some("30101810400000000225"));
        assert_eq!(wrong(other), Some("account"));
        let other = account("044525225", "40702810638050013199", Some("30101810500000000225"));
        assert_eq!(wrong(other), Some("correspondent_account"));
        assert_eq!(wrong(account("DEUTDEFF", "DE89370400440532013000", None)), None);
        assert_eq!(wrong(account("044525225", "DE89370400440532013000", None)), Some("account"));
    }
}
