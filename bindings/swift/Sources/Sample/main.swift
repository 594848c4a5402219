// Watches two endpoints and says which one to connect to: swift run Sample HEALTH_URL HEALTH_URL

import Foundation
import Steadfast

/// Prints a line at once, into a pipe as well.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

let healthURLs = CommandLine.arguments.dropFirst()
guard !healthURLs.isEmpty else {
    say("usage: swift run Sample HEALTH_URL...")
    exit(2)
}
let endpoints = zip(1..., healthURLs).map { number, health in
    Endpoint(name: "server-\(number)", connect: health.replacingOccurrences(of: "http", with: "ws"), health: HealthCheck(url: health))
}
do {
    let link = try Steadfast.start(Config(endpoints: endpoints))
    say("connect to \(link.active.connect)")
    for await event in link.events {
        say(event.json)
        if case .switched = event { say("connect to \(link.active.connect)") }
    }
} catch {
    say("\(error)")
    exit(1)
}
