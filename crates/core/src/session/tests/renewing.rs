//! Connections that are taken for dead.

use super::*;

/// When the next one is opened after the open one was taken for dead, and opens it.
fn replaced(test: &mut Test) -> Millis {
    let open = test.latest();
    test.session.missed(&mut test.cx, open);
    let wait = test.retry(0);
    test.opened();
    wait
}

#[test]
fn where_one_after_the_other_is_taken_for_dead_the_next_one_waits() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    assert_eq!(replaced(&mut test), Millis::ZERO);
    let mut waited = 0;
    for _ in 0..8 {
        test.wait(2_000);
        waited += u64::from(replaced(&mut test).get());
    }
    assert!(waited > 15_000, "{waited} ms");
    test.wait(60_000);
    assert_eq!(replaced(&mut test), Millis::ZERO, "that was a while ago");
}

#[test]
fn silence_that_is_told_again_shortens_no_wait() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    replaced(&mut test);
    test.wait(500);
    replaced(&mut test);
    test.wait(500);
    let open = test.latest();
    test.session.missed(&mut test.cx, open);
    let at = test.retry_at();
    assert!(at > Some(test.cx.now));
    for _ in 0..3 {
        test.session.missed(&mut test.cx, open);
        assert_eq!(test.retry_at(), at);
    }
    test.session.renew(&mut test.cx, Some(SOCKET));
    assert!(test.retry_at() <= at, "the app asks for it");
}

#[test]
fn what_arrives_meanwhile_shows_that_it_is_not_dead() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    replaced(&mut test);
    let open = test.latest();
    test.session.missed(&mut test.cx, open);
    test.session.heard(&mut test.cx, open);
    test.attempt(0);
    assert_eq!(test.latest(), open, "no other one is opened");
}
