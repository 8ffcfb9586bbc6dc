//! One person alone: what was confirmed is there, whatever happens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_e2e::{Computer, NewPerson, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_saved_is_there_after_a_power_cut() {
    let computer = Computer::new("kitchen-laptop");
    let ilona = Person::sits_down(&computer).await;
    ilona.introduces_themselves("Ilona Varis").await;
    ilona
        .adds(
            &NewPerson { name: "Priya Raghunathan", phone: "+44 7700 900142", email: "priya@harbourline.example", ..NewPerson::default() },
            "My own",
        )
        .await;
    ilona.changes("phones", "+44 7700 900143").await;
    ilona.notes("Met at the quay. Likes early trains.").await;
    ilona.loses_power().await;

    let ilona = Person::sits_down(&computer).await;
    ilona.finds("ragh", "Priya Raghunathan").await;
    ilona.window().sees("field-phones-value", "+44 7700 900143").await;
    ilona.window().sees("field-emails-value", "priya@harbourline.example").await;
    ilona.window().sees("timeline-item", "Likes early trains").await;
    ilona.window().picture("one-person").await;
    ilona.leaves().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_in_use_is_said_plainly_and_opens_when_it_is_free() {
    let computer = Computer::new("shared-desk");
    let first = Person::sits_down(&computer).await;
    first.introduces_themselves("Ilona Varis").await;

    let second = Person::sits_down(&computer).await;
    second.window().sees("trouble", "a second window, or `tuttu serve`").await;
    second.window().picture("vault-in-use").await;
    first.leaves().await;
    second.tries_again_until_it_opens().await;
    second.leaves().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_cannot_leave_or_load_anything() {
    let computer = Computer::new("careful-laptop");
    let ilona = Person::sits_down(&computer).await;
    ilona.introduces_themselves("Ilona Varis").await;
    let window = ilona.window();
    // The address of a server that would be asked if anything were let through.
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a server");
    server.set_nonblocking(true).expect("a server that can be looked at");
    let address = server.local_addr().expect("an address");
    window
        .script(&format!(
            "const to = 'http://{address}/';
             const image = new Image(); image.src = to; document.body.append(image);
             const frame = document.createElement('iframe'); frame.src = to; document.body.append(frame);
             const script = document.createElement('script'); script.src = to; document.body.append(script);
             fetch(to).catch(() => 0); window.open(to); location.href = to;"
        ))
        .await;
    window.press("place-people").await;
    window.sees("sidebar", "My own").await;
    assert_eq!(window.script("return location.protocol + '//' + location.host").await, "tauri://localhost");
    assert!(server.accept().is_err(), "the page asked a server");
    ilona.leaves().await;
}
