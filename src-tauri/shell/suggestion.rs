//! Names to begin with: who is logged in, and what this computer is called. Guesses, shown for the person to change; empty when nothing is known.

use std::path::Path;

const LONGEST: usize = 80;

/// The name of the person who is logged in.
pub(crate) fn person_name() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let full = std::fs::read_to_string("/etc/passwd").ok().and_then(|users| full_name(&users, &user));
    tidy(&full.unwrap_or_default())
}

/// The name of this computer on its network.
pub(crate) fn computer_name() -> String {
    let from_file = ["/proc/sys/kernel/hostname", "/etc/hostname"].iter().find_map(|file| std::fs::read_to_string(Path::new(file)).ok());
    let name = from_file.or_else(|| ["COMPUTERNAME", "HOSTNAME"].iter().find_map(|name| std::env::var(name).ok())).unwrap_or_default();
    tidy(name.split('.').next().unwrap_or_default())
}

/// The full name in the user list, where an administrator wrote one. Names of the system's own accounts say nothing about a person.
fn full_name(users: &str, user: &str) -> Option<String> {
    if user.is_empty() || user == "root" {
        return None;
    }
    let line = users.lines().find(|line| line.split(':').next() == Some(user))?;
    let full = line.split(':').nth(4)?.split(',').next()?.trim();
    (!full.is_empty()).then(|| full.to_owned())
}

fn tidy(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\nilona:x:1000:1000:Ilona Varis,Room 4,,:/home/ilona:/bin/bash\njon:x:1001:1001:,,,:/home/jon:/bin/sh\nbroken";

    #[test]
    fn the_full_name_is_what_the_administrator_wrote() {
        assert_eq!(full_name(USERS, "ilona").as_deref(), Some("Ilona Varis"));
    }

    #[test]
    fn without_one_nothing_is_made_up() {
        for user in ["jon", "root", "", "nobody", "broken"] {
            assert_eq!(full_name(USERS, user), None, "{user}");
        }
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(tidy("  kitchen\n"), "kitchen");
        assert_eq!(tidy(&"ä".repeat(200)).chars().count(), LONGEST);
    }
}
