#![allow(missing_docs, unreachable_pub)]
#[path = "../../../tests/tests/net/mod.rs"]
mod net;
use net::*;
use tuttu_engine::api::{Command, Event};
#[tokio::test(flavor = "multi_thread")]
async fn stress() {
    tracing_subscriber::fmt().with_env_filter("tuttu_net=trace,tuttu_engine=info,tuttu_sync=trace").with_test_writer().init();
    for round in 0..15 {
        eprintln!("=== round {round}");
        let (ilona, mut maria) = pair("Harbour").await;
        eprintln!("ilona {} maria {}", ilona.host.engine().computer(), maria.host.engine().computer());
        if round % 2 == 0 {
            let jon = Peer::new("Jon").await;
            eprintln!("jon {}", jon.host.engine().computer());
            jon.join_auto(&ilona.invite("Harbour", true).await).await.unwrap();
            jon.add("Harbour", "Priya").await;
            ilona.sees("Harbour", &["Priya"]).await;
            maria.sees("Harbour", &["Priya"]).await;
            jon.stop().await;
        }
        ilona.execute(Command::RemoveMember { space: "Harbour".into(), member: "Maria".into() }).await;
        maria.event("refusal", |event| match event { Event::Refused { reason, .. } => Some(reason), _ => None }).await;
        ilona.stop().await;
        maria.stop().await;
    }
}
