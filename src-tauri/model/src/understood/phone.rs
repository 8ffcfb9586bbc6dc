use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{PhoneNumber, Type};

/// The longest text that is taken for a phone number.
const LONGEST: usize = 100;
/// Digits of the longest number of the world's numbering plan.
const DIGITS: usize = 15;

/// Whose lengths count. Emergency and service numbers are dialled without a country code.
const KINDS: [Type; 9] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Uan,
    Type::Pager,
];

/// The number in international form (`+447700900142`, an extension as `;ext=12`), read as dialled in `region` (two letters) where it has no country
/// code. `Ok(None)` when it may be a number but nobody can say of which country.
///
/// # Errors
/// What looks wrong, to follow the number in a sentence.
pub fn phone(typed: &str, region: &str) -> Result<Option<String>, String> {
    let digits = crate::normal::digits(typed);
    if digits.is_empty() {
        return Err("has no digits".into());
    }
    // Hostile text must not reach the library's expressions.
    if typed.len() > LONGEST {
        return Err("is too long for a phone number".into());
    }
    let international = typed.trim_start().starts_with(['+', '＋']);
    let region = region.parse::<Id>().ok();
    if !international && region.is_none() {
        return if digits.len() > DIGITS + 5 { Err("has too many digits".into()) } else { Ok(None) };
    }
    let number = match phonenumber::parse(region, typed) {
        Ok(number) => number,
        // Short codes (112, 1414) are numbers that can be dialled, and no numbers of the plan.
        Err(_) if !international && digits.len() <= 6 => return Ok(None),
        Err(_) => return Err("does not look like a phone number".into()),
    };
    if !international && digits.len() <= 6 && !number.is_valid() {
        return Ok(None);
    }
    fits(&number)?;
    let plain = format!("+{}{}", number.code().value(), number.national());
    Ok(Some(match number.extension() {
        Some(extension) => format!("{plain};ext={extension}"),
        None => plain,
    }))
}

/// Only the length is judged: numbering plans change faster than programs are updated.
fn fits(number: &PhoneNumber) -> Result<(), String> {
    let code = number.code().value();
    // Several regions may share a code.
    let Some(regions) = DATABASE.by_code(&code) else { return Err("has an unknown country code".into()) };
    let lengths: Vec<u16> = regions
        .iter()
        .flat_map(|region| KINDS.iter().filter_map(|kind| region.descriptors().get(*kind)))
        .flat_map(|numbers| numbers.possible_length())
        .copied()
        .collect();
    let length = u16::try_from(number.national().to_string().len()).unwrap_or(u16::MAX);
    if lengths.is_empty() || lengths.contains(&length) {
        return Ok(());
    }
    let short = lengths.iter().all(|possible| length < *possible);
    Err(format!("is too {} for a number of +{code}", if short { "short" } else { "long" }))
}
