//! Several sockets of an app beside each other.

use super::world::{Sockets, World};
use super::*;

#[test]
fn a_library_that_makes_a_socket_for_each_retry_hurries_no_other() {
    let mut world = World::settled();
    for name in ["e0", "e1"] {
        world.accept(name, Sockets::Refused);
    }
    world.command(Command::Connect(SOCKET));
    world.run(600_000);
    for number in 1..20 {
        let before = world.attempts.len();
        world.command(Command::Connect(SocketId(number)));
        world.command(Command::Connect(SocketId(number)));
        assert_eq!(world.attempts.len(), before + 1, "the new one alone is led");
        world.run(10);
        world.command(Command::Disconnect(SocketId(number)));
        world.run(990);
    }
    let alone = world.attempts.iter().filter(|(began, _)| *began >= 660_000).count() - 19;
    assert!(alone <= 3, "{alone} attempts of the socket that waits, within 19 s");
}
