use std::fmt;

/// An amount with its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Digits with a point, `1284.60`.
    pub amount: String,
    /// Three letters, `EUR`.
    pub currency: String,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.amount)
    }
}

/// Signs that stand for one currency only; `$`, `kr` and `¥` stand for several and are not guessed.
const SIGNS: [(char, &str); 8] =
    [('€', "EUR"), ('£', "GBP"), ('₹', "INR"), ('₺', "TRY"), ('₽', "RUB"), ('₴', "UAH"), ('₩', "KRW"), ('₪', "ILS")];

/// Reads `EUR 212.40`, `€1,284.60`, `1.284,60 €`, `40k GBP`. `None` without a currency that is certain.
#[must_use]
pub fn money(typed: &str) -> Option<Money> {
    let text = typed.trim();
    if text.len() > 60 {
        return None;
    }
    let sign = SIGNS.iter().find(|(sign, _)| text.contains(*sign));
    let letters: String = text.chars().filter(|letter| letter.is_alphabetic()).collect();
    let (currency, rest) = match sign {
        Some((sign, currency)) => ((*currency).to_owned(), text.replacen(*sign, "", 1)),
        None => {
            let code: String = letters.chars().filter(char::is_ascii_uppercase).collect();
            let whole = code.len() == 3 && text.matches(&code).count() == 1;
            whole.then(|| (code.clone(), text.replacen(&code, "", 1)))?
        }
    };
    let (amount, rest) = amount(rest.trim())?;
    rest.is_empty().then_some(Money { amount, currency })
}

/// The number at the start of a text in one spelling, and what is left behind it. Points, commas, apostrophes and spaces may group thousands; the
/// last point or comma with other than three digits behind it is the decimal one. `k` and `m` multiply.
pub(super) fn amount(text: &str) -> Option<(String, String)> {
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || " .,'’\u{a0}\u{202f}-−+".contains(letter))).unwrap_or(text.len());
    let (figures, rest) = text.split_at(end);
    let (negative, figures) = match figures.trim().strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, figures.trim().trim_start_matches('+')),
    };
    let figures: String = figures.chars().filter(|letter| !" '’\u{a0}\u{202f}".contains(*letter)).collect();
    let marks: Vec<(usize, char)> = figures.char_indices().filter(|(_, letter)| ".,".contains(*letter)).collect();
    let behind = |at: usize| figures.len() - at - 1;
    let decimal = match marks.as_slice() {
        [] => None,
        // A single mark with three digits behind it groups thousands, unless nothing or a nought stands before it.
        [(at, _)] if behind(*at) == 3 && *at > 0 && !figures.starts_with('0') => None,
        [(at, _)] => Some(*at),
        [.., (_, before), (at, last)] => (before != last).then_some(*at),
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (whole, part) = match decimal {
        Some(at) => (digits(figures.get(..at)?), digits(figures.get(at + 1..)?)),
        None => (digits(&figures), String::new()),
    };
    if whole.is_empty() && part.is_empty() || figures.contains(['-', '−', '+']) {
        return None;
    }
    let (zeros, rest) = match rest.strip_prefix(['k', 'K']) {
        Some(rest) => (3, rest),
        None => rest.strip_prefix(['m', 'M']).map_or((0, rest), |rest| (6, rest)),
    };
    let mut part: Vec<char> = part.chars().collect();
    let mut whole = whole;
    for _ in 0..zeros {
        whole.push(if part.is_empty() { '0' } else { part.remove(0) });
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let part: String = part.into_iter().collect();
    let point = if part.is_empty() { String::new() } else { format!(".{part}") };
    Some((format!("{}{whole}{point}", if negative { "-" } else { "" }), rest.trim().to_owned()))
}
