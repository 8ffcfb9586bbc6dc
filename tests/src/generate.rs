//! Vaults as people have them, made up from a seed: international names, organisations with many and with few members, activities whose words are skewed as
//! in life, tags, phones in every spelling. Written through the engine as an import would be.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tuttu_engine::Engine;
use tuttu_engine::api::{Command, Outcome};

/// Records of one commit.
const BATCH: usize = 2_000;
/// Activities with each contact, on average.
pub const ACTIVITIES: usize = 10;
/// Contacts for each organisation.
const MEMBERS: usize = 5;
/// Words that texts are made of.
const WORDS: u64 = 12_000;

const GIVEN: [&str; 56] = [
    "Priya",
    "Tomasz",
    "Leilani",
    "Yusuf",
    "Hanae",
    "Mateo",
    "Guðrún",
    "Ελένη",
    "Ingrid",
    "Kwame",
    "Zoë",
    "Łukasz",
    "Siobhán",
    "François",
    "Мария",
    "Дмитрий",
    "田中",
    "佐藤",
    "美咲",
    "Nguyễn",
    "Aino",
    "Björn",
    "Chiara",
    "Dragana",
    "Elif",
    "Fatima",
    "Gábor",
    "Hye-jin",
    "Ibrahim",
    "Jürgen",
    "Katarzyna",
    "Lucía",
    "Magnús",
    "Nadia",
    "Olu",
    "Paulo",
    "Quentin",
    "Rania",
    "Søren",
    "Tariq",
    "Ursula",
    "Vikram",
    "Wei",
    "Ximena",
    "Yara",
    "Zainab",
    "Anne-Marie",
    "Sean",
    "Mary",
    "John",
    "Ana",
    "Peter",
    "Sofia",
    "David",
    "Laura",
    "Michael",
];
const FAMILY: [&str; 48] = [
    "Raghunathan",
    "Wieczorek",
    "Kahananui",
    "Demirkan",
    "Morisawa",
    "Villalba",
    "Þorsteinsdóttir",
    "Μαυρίδη",
    "Lindqvist",
    "Mensah",
    "Müller",
    "Żółć",
    "O'Brien",
    "Lefèvre",
    "Чайковский",
    "Иванова",
    "花子",
    "健太",
    "陽菜",
    "Trần",
    "Virtanen",
    "Håkansson",
    "Rossi",
    "Petrović",
    "Yılmaz",
    "al-Rashid",
    "Nagy",
    "Kim",
    "Diallo",
    "Weiß",
    "Kowalska",
    "García Márquez",
    "Jónsson",
    "Haddad",
    "Adeyemi",
    "da Silva",
    "Dupont",
    "Khoury",
    "Kierkegaard",
    "Aziz",
    "Schmidt",
    "Sharma",
    "Chen",
    "Hernández",
    "Nasser",
    "Bello",
    "Smith",
    "van der Berg",
];
const CITIES: [(&str, &str, &str); 10] = [
    ("Glasgow", "GB", "44"),
    ("Oban", "GB", "44"),
    ("Kraków", "PL", "48"),
    ("Αθήνα", "GR", "30"),
    ("Helsinki", "FI", "358"),
    ("東京", "JP", "81"),
    ("São Paulo", "BR", "55"),
    ("Berlin", "DE", "49"),
    ("Reykjavík", "IS", "354"),
    ("Lagos", "NG", "234"),
];
const TITLES: [&str; 8] =
    ["Head of Partnerships", "Director", "Treasurer", "Producer", "Volunteer", "Chair", "Programme Manager", "Editor"];
const TAGS: [&str; 12] = [
    "partner",
    "funder",
    "press",
    "board member",
    "volunteer",
    "alumni",
    "place:glasgow",
    "place:oban",
    "newsletter",
    "vip",
    "supplier",
    "2026",
];
const SYLLABLES: [&str; 24] = [
    "ka", "ro", "mi", "ta", "le", "su", "no", "vi", "pe", "do", "ra", "li", "ben", "son", "mar", "tin", "gel", "hof", "ster", "wick", "an",
    "el", "os", "ur",
];
const KINDS: [&str; 5] = ["note", "call", "meeting", "email", "message"];

/// Numbers from a seed, the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Begins a row of numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    /// A number below `limit`; small ones come often, large ones rarely.
    pub fn skewed(&mut self, limit: u64) -> u64 {
        let share = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        (share.powi(4) * limit as f64) as u64
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len() as u64) as usize]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The word with a number; the frequent ones come first.
#[must_use]
pub fn word(number: u64) -> String {
    const FREQUENT: [&str; 20] = [
        "the", "and", "about", "with", "meeting", "budget", "spring", "call", "email", "project", "festival", "harbour", "next", "week",
        "report", "talked", "wants", "hear", "sent", "grant",
    ];
    if let Some(word) = FREQUENT.get(number as usize) {
        return (*word).to_owned();
    }
    let mut dice = Dice::new(number);
    (0..2 + dice.below(3)).map(|_| dice.of(&SYLLABLES)).collect()
}

/// Some words as they stand in notes.
pub fn text(dice: &mut Dice, words: u64) -> String {
    (0..words).map(|_| word(dice.skewed(WORDS))).collect::<Vec<_>>().join(" ")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

fn name(dice: &mut Dice) -> (String, String) {
    // Half of all names are from the list, the rest are as various as names are.
    let given = if dice.chance(70) { dice.of(&GIVEN).to_owned() } else { capital(&word(40 + dice.below(3_000))) };
    let family = if dice.chance(40) { dice.of(&FAMILY).to_owned() } else { capital(&word(40 + dice.below(20_000))) };
    (given, family)
}

/// The organisation with a number.
#[must_use]
pub fn org(seed: u64, number: u64) -> Value {
    let mut dice = Dice::new(seed.wrapping_mul(3).wrapping_add(number));
    let kind = dice.of(&["Trust", "Ltd", "GmbH", "Foundation", "Festival", "Oy", "Council", "Press"]);
    let (city, country, _) = CITIES[dice.below(10) as usize];
    json!({"kind": "org", "name": format!("{} {kind}", org_name(seed, number)), "addresses": [{"label": "work", "city": city, "country": country}],
        "notes": text(&mut dice, 8)})
}

fn org_name(seed: u64, number: u64) -> String {
    let mut dice = Dice::new(seed.wrapping_mul(5).wrapping_add(number));
    format!("{} {}", capital(&word(20 + dice.below(9_000))), capital(&word(20 + dice.below(9_000))))
}

/// The person with a number.
#[must_use]
pub fn person(seed: u64, number: u64, orgs: u64) -> Value {
    let mut dice = Dice::new(seed.wrapping_mul(7).wrapping_add(number));
    let (given, family) = name(&mut dice);
    let (city, country, code) = CITIES[dice.skewed(10) as usize];
    let phone = match dice.below(3) {
        0 => format!("+{code} {} {:06}", 100 + dice.below(800), number % 1_000_000),
        1 => format!("0{} {:06}", 100 + dice.below(800), number % 1_000_000),
        _ => format!("(0{}) {:03}-{:03}", 100 + dice.below(800), number / 1_000 % 1_000, number % 1_000),
    };
    let mut person = json!({"kind": "person", "name": format!("{given} {family}"), "given": given, "family": family,
        "emails": [{"label": "work", "value": format!("{}.{number}@{}.example", word(number % 20_000), word(dice.skewed(4_000)))}],
        "phones": [{"label": "mobile", "value": phone}],
        "notes": text(&mut dice, 40)});
    let mut set = |key: &str, value: Value| drop(person.as_object_mut().map(|fields| fields.insert(key.to_owned(), value)));
    if orgs > 0 && dice.chance(70) {
        let org = dice.skewed(orgs);
        set("orgs", json!([{"name": org_name(seed, org), "title": dice.of(&TITLES)}]));
    }
    if dice.chance(60) {
        set(
            "addresses",
            json!([{"label": "home", "street": format!("{} {} Row", 1 + dice.below(200), capital(&word(dice.below(900)))),
            "city": city, "country": country}]),
        );
    }
    if dice.chance(40) {
        set("birthday", json!(format!("{}-{:02}-{:02}", 1940 + dice.below(65), 1 + dice.below(12), 1 + dice.below(28))));
    }
    let mut tags: Vec<&str> = (0..dice.below(4)).map(|_| TAGS[dice.skewed(12) as usize]).collect();
    tags.sort_unstable();
    tags.dedup();
    set("tags", json!(tags));
    if dice.chance(3) {
        set("rhythm", json!(dice.of(&["2w", "6w", "3m", "1y"])));
    }
    person
}

/// Something to do, due in the months around November 2026; most of it is done.
fn task(dice: &mut Dice, people: &[String]) -> Value {
    let due = chrono::NaiveDate::from_ymd_opt(2026, 6, 1).expect("a date") + chrono::Days::new(dice.below(365));
    let status = if dice.chance(80) { "done" } else { "" };
    json!({"kind": "task", "name": capital(&text(dice, 4)), "due": due.to_string(), "status": status,
        "with": [people[dice.below(people.len() as u64) as usize]]})
}

/// An activity with some people: the ones one knows well more often.
pub fn activity(dice: &mut Dice, people: &[String]) -> Value {
    let with: Vec<&String> = (0..1 + dice.skewed(3)).map(|_| &people[dice.skewed(people.len() as u64) as usize]).collect();
    let day = dice.below(365 * 8);
    let at = chrono::NaiveDate::from_ymd_opt(2018, 11, 26).expect("a date") + chrono::Days::new(day);
    let mut activity = json!({"kind": dice.of(&KINDS), "text": text(dice, 22), "at": format!("{at}T{:02}:{:02}:00Z", 8 + dice.below(10), dice.below(60)),
        "with": with});
    if dice.chance(30)
        && let Some(fields) = activity.as_object_mut()
    {
        fields.insert("name".into(), json!(capital(&text(dice, 3))));
    }
    activity
}

/// What was made, and how fast.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// People, organisations and activities together.
    pub records: usize,
    /// How long it took.
    pub took: Duration,
    /// The printed ids of all people.
    pub people: Vec<String>,
}

/// Fills a vault with this many people, a fifth as many organisations and tasks, and ten times as many activities.
///
/// # Panics
/// When the vault cannot be written.
pub fn fill(engine: &Engine, people: usize, seed: u64) -> Made {
    let begun = Instant::now();
    let orgs = (people / MEMBERS) as u64;
    let mut made = Made::default();
    for from in (0..orgs).step_by(BATCH) {
        made.records += add(engine, (from..orgs.min(from + BATCH as u64)).map(|number| org(seed, number))).len();
    }
    for from in (0..people as u64).step_by(BATCH) {
        let ids = add(engine, (from..(people as u64).min(from + BATCH as u64)).map(|number| person(seed, number, orgs)));
        made.records += ids.len();
        made.people.extend(ids);
    }
    let mut dice = Dice::new(seed);
    let activities = people * ACTIVITIES;
    for from in (0..activities).step_by(BATCH) {
        made.records += add(engine, (from..activities.min(from + BATCH)).map(|_| activity(&mut dice, &made.people))).len();
    }
    let tasks = people / MEMBERS;
    for from in (0..tasks).step_by(BATCH) {
        made.records += add(engine, (from..tasks.min(from + BATCH)).map(|_| task(&mut dice, &made.people))).len();
    }
    made.took = begun.elapsed();
    made
}

fn add(engine: &Engine, records: impl Iterator<Item = Value>) -> Vec<String> {
    let records = records.map(|record| record.to_string()).collect();
    match engine.execute(Command::Add { space: None, kind: "person".into(), records }) {
        Ok(Outcome::Records { ids, .. }) => ids,
        other => panic!("the records were not added: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_vault_everywhere() {
        assert_eq!(person(1, 17, 20), person(1, 17, 20));
        assert_ne!(person(1, 17, 20), person(2, 17, 20));
        let mut dice = Dice::new(1);
        assert_eq!(
            [dice.roll(), dice.roll()],
            [Dice::new(1).roll(), {
                let mut other = Dice::new(1);
                other.roll();
                other.roll()
            }]
        );
    }
}
