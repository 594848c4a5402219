#if canImport(Network)
    import Foundation
    import Network
    import SteadfastCore

    #if os(watchOS)
        import WatchKit
    #elseif canImport(UIKit)
        import UIKit
    #elseif canImport(AppKit)
        import AppKit
    #endif

    /// Tells a link what the system says of the network and of the app, for as long as it is held.
    ///
    /// ```swift
    /// let link = try Steadfast.start(config)
    /// let signals = AppleSignals(for: link)
    /// ```
    ///
    /// With this, nothing is checked while the app is in the background (unless the config's `backgroundChecks` says otherwise), a change
    /// from Wi-Fi to mobile is noticed at once, and no server is blamed for a missing network.
    public final class AppleSignals: @unchecked Sendable {
        // Not all SDKs say that a monitor may be shared; it is touched at the beginning and at the end only.
        private let monitor = NWPathMonitor()
        private let observers: Locked<[any NSObjectProtocol]>

        /// Begins to tell `link`.
        public init(for link: Steadfast) {
            let interface = Locked<NWInterface.InterfaceType?>(nil)
            monitor.pathUpdateHandler = { [weak link] path in
                let kinds: [NWInterface.InterfaceType] = [.wifi, .wiredEthernet, .cellular, .loopback, .other]
                guard path.status == .satisfied, let now = kinds.first(where: path.usesInterfaceType) else {
                    link?.setNetwork(path.status == .satisfied ? .online : .offline)
                    return
                }
                // What was there before a time without a network counts: from Wi-Fi by nothing to mobile, it is another one.
                let before = interface.withLock { before in
                    defer { before = now }
                    return before
                }
                link?.setNetwork(before == nil || before == now ? .online : .changed)
            }
            monitor.start(queue: .global(qos: .utility))
            observers = Locked([])
            observe(link)
        }

        deinit {
            monitor.cancel()
            observers.withLock { $0.forEach(NotificationCenter.default.removeObserver) }
        }

        private func observe(_ link: Steadfast) {
            #if os(watchOS)
                on(WKExtension.applicationDidEnterBackgroundNotification, link, .background)
                on(WKExtension.applicationWillEnterForegroundNotification, link, .foreground)
            #elseif canImport(UIKit)
                on(UIApplication.didEnterBackgroundNotification, link, .background)
                on(UIApplication.willEnterForegroundNotification, link, .foreground)
                // An app that a push or a background task has launched was never seen, and hears of no change.
                Task { @MainActor [weak link] in
                    if UIApplication.shared.applicationState == .background { link?.setLifecycle(.background) }
                }
            #elseif canImport(AppKit)
                on(NSWorkspace.willSleepNotification, link, .frozen, center: NSWorkspace.shared.notificationCenter)
                on(NSWorkspace.didWakeNotification, link, .resumed, center: NSWorkspace.shared.notificationCenter)
            #endif
        }

        private func on(_ name: Notification.Name, _ link: Steadfast, _ lifecycle: Lifecycle, center: NotificationCenter = .default) {
            let observer = center.addObserver(forName: name, object: nil, queue: nil) { [weak link] _ in
                link?.setLifecycle(lifecycle)
            }
            observers.withLock { $0.append(observer) }
        }
    }
#endif
