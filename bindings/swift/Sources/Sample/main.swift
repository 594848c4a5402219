// Watches two endpoints and says which one to connect to: swift run Sample HEALTH_URL HEALTH_URL

import Foundation
import Steadfast

let healthURLs = CommandLine.arguments.dropFirst()
guard !healthURLs.isEmpty else {
    print("usage: swift run Sample HEALTH_URL...")
    exit(2)
}
let endpoints = zip(1..., healthURLs).map { number, health in
    Endpoint(name: "server-\(number)", connect: health.replacingOccurrences(of: "http", with: "ws"), health: HealthCheck(url: health))
}
do {
    let link = try Steadfast.start(Config(endpoints: endpoints))
    print("connect to \(link.active.connect)")
    for await event in link.events {
        print(event.json)
        if case .switched = event { print("connect to \(link.active.connect)") }
    }
} catch {
    print(error)
    exit(1)
}
