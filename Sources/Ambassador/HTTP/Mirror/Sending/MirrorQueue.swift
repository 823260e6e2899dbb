// SPDX-License-Identifier: Apache-2.0

/// Why a request wasn't copied, or a copy not sent.
enum MirrorDrop: Sendable, Equatable {
    /// As many as may are waiting or on their way, or as much is kept as may be.
    case full
    /// It is too long to be kept.
    case long
    /// The shadow can't be reached, and isn't tried again yet.
    case unreachable
}

/// Decides which copies go to a shadow and when. It knows neither sockets nor clocks.
///
/// A shadow of which nothing is known gets one copy, and the others wait until that has found a server. One that can't
/// be reached, or fails again and again, is left alone for a while, so that it costs an attempt now and then and not
/// one with each request.
struct MirrorQueue<Copy> {
    enum Admission {
        case send
        case wait
        case drop(MirrorDrop)
    }

    private enum Reach: Equatable {
        case unknown
        case known
        case paused(until: Int64)
    }

    /// The first pause after a failure; each further one is twice as long.
    static var pauseMin: Int64 { 100_000_000 }
    static var pauseMax: Int64 { 5_000_000_000 }
    /// Copies in a row without an answer after which a shadow that takes connections is left alone too.
    static var failuresMax: Int { 5 }

    let countMax: Int
    /// On their way to the shadow.
    private(set) var inFlight = 0
    /// Over, but for what else was asked with them.
    private var lingering = 0
    private var waiting: [Copy] = []
    private var reach = Reach.unknown
    private var pause = Self.pauseMin
    private var failures = 0

    init(countMax: Int) { self.countMax = countMax }

    /// Of which something is kept: waiting, on their way and lingering.
    var count: Int { inFlight + lingering + waiting.count }

    /// Whether a copy would be taken now: what is dropped needs not be made.
    func refusal(at now: Int64) -> MirrorDrop? {
        if case .paused(let until) = reach, now < until { return .unreachable }
        return count < countMax ? nil : .full
    }

    /// Takes a copy, which is to be sent at once, or kept until `next` returns it.
    mutating func admit(_ copy: Copy, at now: Int64) -> Admission {
        if let refusal = refusal(at: now) { return .drop(refusal) }
        if case .paused = reach { reach = .unknown }
        guard reach == .known || inFlight == 0 else {
            waiting.append(copy)
            return .wait
        }
        inFlight += 1
        return .send
    }

    /// A connection to the shadow is there.
    mutating func reached() { reach = .known }

    /// The next one that waited and may be sent.
    mutating func next() -> Copy? {
        guard !waiting.isEmpty, reach == .known || inFlight == 0 else { return nil }
        inFlight += 1
        return waiting.removeFirst()
    }

    /// A copy was answered, whatever the status.
    mutating func answered() {
        inFlight -= 1
        reach = .known
        failures = 0
        pause = Self.pauseMin
    }

    /// A copy that was answered, or wasn't, keeps its place until it has `lingered`.
    mutating func lingers() { lingering += 1 }

    mutating func lingered() { lingering -= 1 }

    /// A copy that was to be sent isn't, for a reason that says nothing of the shadow.
    mutating func withdrawn() { inFlight -= 1 }

    /// A copy wasn't answered.
    ///
    /// - Parameter isUnreachable: no connection could be made.
    /// - Returns: the copies that waited, if the shadow is left alone from now on.
    mutating func failed(isUnreachable: Bool, at now: Int64) -> [Copy] {
        inFlight -= 1
        failures += 1
        guard isUnreachable || failures >= Self.failuresMax else { return [] }
        // Those that were on their way together fail together, which is one failure.
        if case .paused(let until) = reach, now < until { return [] }
        reach = .paused(until: now + pause)
        pause = min(pause * 2, Self.pauseMax)
        defer { waiting = [] }
        return waiting
    }
}
