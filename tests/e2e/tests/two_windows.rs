//! Two people, two computers, one space: the story Tuttu is for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_e2e::{Computer, NewPerson, Person};

const SPACE: &str = "Harbour Commons";
const PRIYA: &str = "Priya Raghunathan";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_share_a_space_and_nothing_is_lost() {
    let (kitchen, studio) = (Computer::new("kitchen-laptop"), Computer::new("studio-desktop"));
    let (ilona, maria) = first_share(&kitchen, &studio).await;
    live(&ilona, &maria).await;
    let (ilona, maria) = apart(ilona, maria, &kitchen, &studio).await;
    choose(&ilona, &maria).await;
    ilona.leaves().await;
    maria.leaves().await;
}

/// Ilona makes a space with a person in it and invites Maria; they compare words; Maria has the space and nothing else.
async fn first_share<'a>(kitchen: &'a Computer, studio: &'a Computer) -> (Person<'a>, Person<'a>) {
    let ilona = Person::sits_down(kitchen).await;
    ilona.introduces_themselves("Ilona Varis").await;
    ilona.adds(&NewPerson { name: "Aunt Helmi", phone: "+358 40 555 0101", ..NewPerson::default() }, "My own").await;
    ilona.makes_space(SPACE).await;
    ilona
        .adds(
            &NewPerson {
                name: PRIYA,
                title: "Head of Partnerships",
                org: "Harbourline Trust",
                phone: "+44 7700 900142",
                email: "priya@harbourline.example",
            },
            SPACE,
        )
        .await;
    ilona.notes("Wants the quay drawings before the board meets.").await;
    ilona.looks_at_members(SPACE).await;
    let link = ilona.invites("Maria, over the counter").await;
    assert!(link.starts_with("tuttu://join/"), "{link}");
    ilona.window().picture("1-invitation").await;

    let maria = Person::sits_down(studio).await;
    maria.introduces_themselves_to_join("Maria Quispe", &link).await;
    maria.window().receives("join-page", "Ilona Varis invites you").await;
    ilona.window().receives("request-dialog", "Maria Quispe wants to join").await;
    assert_eq!(maria.words("join-words").await, ilona.words("request-words").await, "both see the same words");
    maria.window().picture("2-words-of-the-joiner").await;
    ilona.window().picture("2-words-of-the-inviter").await;
    maria.window().press("join-confirm").await;
    ilona.window().press("request-approve").await;

    maria.window().receives("space-row", SPACE).await;
    maria.window().press("place-people").await;
    maria.window().receives("person-row", PRIYA).await;
    maria.opens(PRIYA).await;
    maria.window().receives("timeline-item", "quay drawings").await;
    assert!(!maria.window().says("person-row", "Helmi").await, "what is Ilona's own stays with her");
    maria.window().picture("3-the-space-arrived").await;
    (ilona, maria)
}

/// Connected, an edit shows on the other side, and the sync line says who has what.
async fn live(ilona: &Person<'_>, maria: &Person<'_>) {
    ilona.opens(PRIYA).await;
    ilona.changes("title", "Director of Partnerships").await;
    maria.window().receives("field-title-value", "Director of Partnerships").await;
    maria.changes("emails", "p.raghunathan@harbourline.example").await;
    ilona.window().receives("field-emails-value", "p.raghunathan@harbourline.example").await;
    ilona.window().receives("sync-line", "Maria").await;
    ilona.window().picture("4-live").await;
}

/// Apart, both edit: different fields, and the same one. Then they meet.
async fn apart<'a>(ilona: Person<'a>, maria: Person<'a>, kitchen: &'a Computer, studio: &'a Computer) -> (Person<'a>, Person<'a>) {
    maria.loses_power().await;
    ilona.changes("phones", "+44 7700 900200").await;
    ilona.changes("title", "Managing Director").await;
    ilona.leaves().await;

    let maria = Person::sits_down(studio).await;
    maria.opens(PRIYA).await;
    maria.window().sees("field-phones-value", "+44 7700 900142").await;
    maria.changes("phones", "+44 7700 900300").await;
    maria.changes("emails", "priya.r@harbourline.example").await;

    let ilona = Person::sits_down(kitchen).await;
    ilona.opens(PRIYA).await;
    for person in [&ilona, &maria] {
        let window = person.window();
        window.receives("conflict-card", "7700 900200").await;
        window.receives("conflict-card", "7700 900300").await;
        window.receives("field-title-value", "Managing Director").await;
        window.receives("field-emails-value", "priya.r@harbourline.example").await;
    }
    ilona.window().picture("5-conflict-one-side").await;
    maria.window().picture("5-conflict-other-side").await;
    (ilona, maria)
}

/// One person's choice settles it for both.
async fn choose(ilona: &Person<'_>, maria: &Person<'_>) {
    let window = maria.window();
    let first_is_ilonas = window.text("conflict-card").await.find("900200") < window.text("conflict-card").await.find("900300");
    window.press(if first_is_ilonas { "conflict-use-1" } else { "conflict-use-2" }).await;
    for person in [ilona, maria] {
        person.window().loses("conflict-card").await;
        person.window().receives("field-phones-value", "+44 7700 900200").await;
    }
    ilona.window().picture("6-chosen").await;
}
