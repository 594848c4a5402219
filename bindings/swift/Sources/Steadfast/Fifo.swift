/// First in, first out. Taking the first one does not move the others, however many there are.
struct Fifo<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        items.append(element)
    }

    /// Puts an element before all others.
    mutating func prepend(_ element: Element) {
        if head == 0 {
            items.insert(element, at: 0)
        } else {
            head -= 1
            items[head] = element
        }
    }

    mutating func popFirst() -> Element? {
        guard head < items.count else { return nil }
        let first = items[head]
        items[head] = nil
        head += 1
        // As many are moved as were taken since the last time.
        if head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return first
    }

    /// Takes all of them, in their order.
    mutating func removeAll() -> [Element] {
        defer { (items, head) = ([], 0) }
        return items[head...].compactMap { $0 }
    }

    func contains(where isMeant: (Element) -> Bool) -> Bool {
        items[head...].contains { $0.map(isMeant) ?? false }
    }

    /// Takes the first one that is meant, wherever it is.
    mutating func removeFirst(where isMeant: (Element) -> Bool) -> Element? {
        guard let index = items[head...].firstIndex(where: { $0.map(isMeant) ?? false }) else { return nil }
        return items.remove(at: index)
    }
}
