#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

#[tokio::test]
async fn frames_come_out_as_they_went_in() {
    let (mut left, mut right) = tokio::io::duplex(1_000);
    let frames = [Vec::new(), vec![7], vec![9; 200_000]];
    let sent = frames.clone();
    let writer = tokio::spawn(async move {
        for frame in &sent {
            write(&mut left, frame, 1 << 20).await.unwrap();
        }
    });
    for frame in frames {
        assert_eq!(read(&mut right, 1 << 20).await.unwrap(), Some(frame));
    }
    writer.await.unwrap();
    assert_eq!(read(&mut right, 1 << 20).await.unwrap(), None);
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_refused_before_anything_is_read() {
    let mut stream: &[u8] = &[0xff, 0xff, 0xff, 0xff, 1, 2, 3];
    let error = read(&mut stream, 1_000).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn an_announced_length_is_not_allocated() {
    // 6 MiB announced, three bytes sent: the error must come without the memory.
    let mut stream: &[u8] = &[0, 0x60, 0, 0, 1, 2, 3];
    let error = read(&mut stream, 8 << 20).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_cut_off_length_is_an_error_and_a_clean_end_is_not() {
    let mut stream: &[u8] = &[0, 0];
    assert_eq!(read(&mut stream, 10).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let mut stream: &[u8] = &[];
    assert_eq!(read(&mut stream, 10).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_stalls_is_given_up() {
    let (mut left, mut right) = tokio::io::duplex(1_000);
    left.write_all(&[0, 0, 0, 9, 1]).await.unwrap();
    let error = read(&mut right, 1_000).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_frame_over_the_limit_is_not_sent() {
    let mut sink = Vec::new();
    assert!(write(&mut sink, &[0; 11], 10).await.is_err());
    assert!(sink.is_empty());
}
