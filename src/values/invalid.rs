//! What can be wrong with one value, as a code that survives the way through serde.
//!
//! A type that checks itself while it is parsed can report only a text through serde. [`Invalid`] is written to that
//! text and read back from it, so a field's error keeps its code and its bounds.

use std::fmt;

use super::{
    Language::{En, Ru},
    Say, hint,
    plural::counted,
};

/// Makes [`Invalid`] from a table. Each row has a doc comment, the name of a kind, its stable code, and its message in
/// English and in Russian. The kinds after the first `|` have a bound, which the message names. The kinds after the second
/// have a bound that counts something: the forms of its word stand behind the message, beside one, few and many.
macro_rules! kinds {
    (
        $($(#[doc = $doc:literal])+ $name:ident: $code:literal, $en:literal / $ru:literal;)+
        |
        $($(#[doc = $bound_doc:literal])+ $bound_name:ident($bound:ty): $bound_code:literal, $bound_en:literal / $bound_ru:literal;)+
        |
        $($(#[doc = $count_doc:literal])+ $count_name:ident($count:ty): $count_code:literal,
            $count_en:literal $forms_en:tt / $count_ru:literal $forms_ru:tt;)+
    ) => {
        /// What is wrong with a value.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Invalid {
            $($(#[doc = $doc])+ $name,)+
            $($(#[doc = $bound_doc])+ $bound_name($bound),)+
            $($(#[doc = $count_doc])+ $count_name($count),)+
            /// Breaks a rule between fields: the code and the message of that rule.
            Rule(&'static str, Say),
        }

        impl Invalid {
            /// The stable code of this error.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                    $(Self::$bound_name(_) => $bound_code,)+
                    $(Self::$count_name(_) => $count_code,)+
                    Self::Rule(code, _) => code,
                }
            }

            /// The codes of all errors.
            pub fn codes() -> impl Iterator<Item = &'static str> {
                [$($code,)+ $($bound_code,)+ $($count_code,)+].into_iter().chain(RULES)
            }

            /// The message for people, in each language.
            pub fn say(&self) -> Say {
                match self {
                    $(Self::$name => Say::new($en, $ru),)+
                    $(Self::$bound_name(bound) => Say::new(format!($bound_en, bound), format!($bound_ru, bound)),)+
                    $(Self::$count_name(bound) => {
                        let count = u64::try_from(*bound).unwrap_or(u64::MAX);
                        let (en, ru) = (counted(En, count, $forms_en), counted(Ru, count, $forms_ru));
                        Say::new(format!($count_en, en), format!($count_ru, ru))
                    })+
                    Self::Rule(_, say) => say.clone(),
                }
            }

            /// The bound as text. It follows the code after a colon when the error travels through serde.
            fn bound(&self) -> Option<String> {
                match self {
                    $(Self::$bound_name(bound) => Some(bound.to_string()),)+
                    $(Self::$count_name(bound) => Some(bound.to_string()),)+
                    _ => None,
                }
            }

            /// Reads back what [`fmt::Display`] wrote.
            fn from_code(code: &str, bound: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)+
                    $($bound_code => Some(Self::$bound_name(bound.parse().unwrap_or_default())),)+
                    $($count_code => Some(Self::$count_name(bound.parse().unwrap_or_default())),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Left out, but needed.
    Required: "required", "This field is required." / "Это поле обязательно.";
    /// `null` where a value cannot be cleared.
    NotNullable: "not_nullable", "This field cannot be cleared." / "Это поле нельзя очистить.";
    /// Not the JSON type that is expected.
    Type: "invalid_type", "The value has the wrong JSON type." / "Значение имеет неверный тип JSON.";
    /// A field that this body does not have.
    UnknownField: "unknown_field", "There is no such field here." / "Такого поля здесь нет.";
    /// A field given twice.
    DuplicateField: "duplicate_field", "The field is given twice." / "Поле указано дважды.";
    /// A NUL or another control character.
    ControlCharacter: "control_character",
        "Control characters are not allowed." /
        "Управляющие символы не допускаются.";
    /// Not a UUID.
    Id: "invalid_id", "Must be a UUID." / "Ожидается UUID.";
    /// Not an e-mail address.
    Email: "invalid_email", "Must be an e-mail address." / "Ожидается адрес электронной почты.";
    /// A name without a letter or a digit.
    Name: "invalid_name", "A name needs a letter or a digit." / "В имени нужна буква или цифра.";
    /// Not a telephone number that somebody can have.
    Phone: "invalid_phone",
        "Must be a telephone number that can be called; begin with + and the country code when it is abroad." /
        "Ожидается действующий номер телефона; для другой страны начните с + и кода страны.";
    /// Not a taxpayer number (INN) with right check digits.
    TaxId: "invalid_tax_id",
        "Must be a taxpayer number (INN) of 10 or 12 digits with right check digits." /
        "Ожидается ИНН из 10 или 12 цифр с верными контрольными цифрами.";
    /// Not a code of the reason for a tax registration.
    Kpp: "invalid_kpp",
        "Must be a KPP: nine characters, such as 773601001." /
        "Ожидается КПП из девяти знаков, например 773601001.";
    /// Not a number in the register of companies with a right check digit.
    RegistrationNumber: "invalid_registration_number",
        "Must be an OGRN of 13 or an OGRNIP of 15 digits with a right check digit." /
        "Ожидается ОГРН из 13 или ОГРНИП из 15 цифр с верной контрольной цифрой.";
    /// Not a bank's identification code.
    Bic: "invalid_bic",
        "Must be a BIC of nine digits, or of 8 or 11 characters of ISO 9362." /
        "Ожидается БИК из девяти цифр или международный код банка из 8 или 11 знаков.";
    /// Not the number of a bank account.
    AccountNumber: "invalid_account_number",
        "Must be the number of a bank account: digits, or an IBAN with right check digits." /
        "Ожидается номер счёта: цифры или международный номер с верными контрольными цифрами.";
    /// Not the name of a field.
    FieldName: "invalid_field_name",
        "Must be a word of small Latin letters, digits and underscores that begins with a letter." /
        "Ожидается слово из строчных латинских букв, цифр и подчёркиваний, которое начинается с буквы.";
    /// Not an `http` or `https` address.
    Website: "invalid_website", "Must be an http or https address." / "Ожидается адрес `http` или `https`.";
    /// Not a language tag (BCP 47).
    Language: "invalid_language",
        "Must be a language tag such as ru or en-GB." /
        "Ожидается код языка, например `ru` или `en-GB`.";
    /// Not a name of the IANA time zone database.
    TimeZone: "invalid_timezone",
        "Must be a time zone such as Europe/Moscow." /
        "Ожидается часовой пояс, например `Europe/Moscow`.";
    /// Not a country code (ISO 3166-1 alpha-2).
    Country: "invalid_country", "Must be a two-letter country code." / "Ожидается двухбуквенный код страны.";
    /// Not a currency code (ISO 4217).
    Currency: "invalid_currency", "Must be a currency code such as RUB." / "Ожидается код валюты, например `RUB`.";
    /// Not a decimal number in a string.
    Decimal: "invalid_decimal",
        "Must be a decimal number in a string, such as \"12.50\"." /
        "Ожидается десятичное число в строке, например \"12.50\".";
    /// Not a network in CIDR form.
    Network: "invalid_network",
        "Must be an IP network in CIDR form, such as 192.0.2.0/24, without bits after the prefix, or one address." /
        "Ожидается IP-сеть в формате CIDR, например 192.0.2.0/24, без битов после префикса, или один адрес.";
    /// Not a date `YYYY-MM-DD`, or one outside 1900–2199.
    Date: "invalid_date",
        "Must be a date YYYY-MM-DD between 1900 and 2199." /
        "Ожидается дата `ГГГГ-ММ-ДД` между 1900 и 2199 годами.";
    /// Not an RFC 3339 instant, or one outside 1900–2199.
    Instant: "invalid_instant",
        "Must be an RFC 3339 instant between 1900 and 2199." /
        "Ожидается момент времени RFC 3339 между 1900 и 2199 годами.";
    /// Names something that does not exist or that the caller cannot reach.
    UnknownReference: "unknown_reference",
        "There is no such resource within your reach." /
        "Такого ресурса нет или он вам недоступен.";
    /// Taken by another resource already.
    Taken: "taken", "Another resource has this value already." / "Это значение уже занято.";
    /// None or several of some members, of which one is expected.
    OneMember: "one_member", "Give exactly one of these members." / "Укажите ровно один из этих элементов.";
    /// Anything else that serde refused.
    Value: "invalid_value", "The value is not valid." / "Недопустимое значение.";
    |
    /// Not one of the words of an enumeration.
    Choice(String): "invalid_choice", "Must be one of: {}." / "Допустимые значения: `{}`.";
    /// Below this bound.
    TooSmall(String): "too_small", "Must be at least {}." / "Не меньше {}.";
    /// Above this bound.
    TooLarge(String): "too_large", "Must be at most {}." / "Не больше {}.";
    |
    /// Shorter than this many characters.
    TooShort(usize): "too_short",
        "Must have at least {}." ["character", "characters", "characters"] /
        "Не короче {}." ["символа", "символов", "символов"];
    /// Longer than this many characters or items.
    TooLong(usize): "too_long",
        "Must have at most {}." ["character or item", "characters or items", "characters or items"] /
        "Не больше {}." ["символа или элемента", "символов или элементов", "символов или элементов"];
    /// Nested deeper than this.
    TooDeep(usize): "too_deep",
        "Must be nested at most {} deep." ["level", "levels", "levels"] /
        "Вложенность — не больше {}." ["уровня", "уровней", "уровней"];
    /// More decimals than this.
    TooManyDecimals(u32): "too_many_decimals",
        "Must have at most {}." ["decimal", "decimals", "decimals"] /
        "Не больше {} после запятой." ["знака", "знаков", "знаков"];
}

/// The codes of the rules between fields. A test reads the source and fails when one is missing.
const RULES: [&str; 70] = [
    "above_base_price",
    "after_end",
    "ambiguous",
    "archived_client",
    "before_approval",
    "before_given",
    "beyond_reading",
    "cannot_see_client",
    "circle",
    "common_password",
    "contract_ceiling",
    "contract_currency",
    "contract_dates",
    "contract_not_active",
    "currency_mismatch",
    "differs",
    "duplicate",
    "empty_file",
    "ends_before_start",
    "in_future",
    "in_the_future",
    "in_the_past",
    "inactive_department",
    "inactive_lost_reason",
    "inactive_product",
    "indivisible",
    "invalid_etag",
    "invalid_token",
    "left_out",
    "lockout",
    "merged",
    "no_signatory",
    "no_work",
    "none_or_all",
    "not_amendable",
    "not_changeable",
    "not_in_future",
    "not_of_account",
    "not_of_bank",
    "not_of_person",
    "not_with_format",
    "not_with_status",
    "notice_too_long",
    "of_order",
    "one_of",
    "other_kind",
    "own_currency",
    "own_deputy",
    "owner",
    "planned_and_done",
    "related_client",
    "repeated",
    "reserved",
    "retired_contact",
    "same_client",
    "supervisor_only",
    "tax_reason",
    "too_far_ahead",
    "too_large_unpacked",
    "too_many_rows",
    "two_key_clients",
    "unchanged_password",
    "unclosed_quote",
    "unreadable_file",
    "unrounded",
    "wrong_code",
    "wrong_length",
    "wrong_password",
    "wrong_state",
    "zero_amount",
];

impl Invalid {
    /// Reads back what [`fmt::Display`] wrote, or classifies serde's own message.
    pub fn from_message(message: &str) -> Self {
        let (code, bound) = message.split_once(':').unwrap_or((message, ""));
        Self::from_code(code, bound).unwrap_or_else(|| Self::from_serde(message))
    }

    fn from_serde(message: &str) -> Self {
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let (word, known) = quoted.split_first().map_or(("", &[][..]), |(word, known)| (*word, known));
        if message.starts_with("unknown field") {
            return hint::unknown_field(word, known.iter().copied());
        }
        if message.starts_with("missing field") {
            return Self::Required;
        }
        if message.starts_with("duplicate field") {
            return Self::DuplicateField;
        }
        if message.starts_with("unknown variant") {
            return hint::unknown_word(word, known);
        }
        if message.starts_with("invalid type") {
            return hint::wrong_type(message);
        }
        Self::Value
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self.bound() {
            Some(bound) => write!(f, ":{bound}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::Invalid;

    #[test]
    fn a_code_and_its_bound_survive_the_way_through_serde() {
        for invalid in [
            Invalid::TooLong(200),
            Invalid::TooSmall("0.01".to_owned()),
            Invalid::TooManyDecimals(2),
            Invalid::Phone,
            Invalid::Instant,
            Invalid::Choice("clients:read, clients:update".to_owned()),
        ] {
            assert_eq!(Invalid::from_message(&invalid.to_string()), invalid);
        }
    }

    #[test]
    fn serdes_own_messages_are_classified() {
        assert_eq!(Invalid::from_message("unknown field `x`, expected `y`"), Invalid::UnknownField);
        assert_eq!(
            Invalid::from_message("unknown variant `x`, expected one of `a`, `b`"),
            Invalid::Choice("a, b".to_owned())
        );
        assert_eq!(
            Invalid::from_message("unknown variant `x`, expected `a` or `b`"),
            Invalid::Choice("a, b".to_owned())
        );
    }
}
