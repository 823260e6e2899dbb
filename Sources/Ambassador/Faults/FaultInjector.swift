// SPDX-License-Identifier: Apache-2.0

package import Core
internal import Proxying
package import WireHTTP

/// What goes wrong with one request on purpose.
package struct FaultPlan: Sendable, Equatable {
    package enum End: Sendable, Equatable {
        /// Answered with this status, and not passed on.
        case status(Int)
        /// The client's connection is reset.
        case reset
    }

    /// Before anything else.
    package var delayNanoseconds: Int64 = 0
    package var end: End? = nil
    /// How fast the response may come; nil is as it comes.
    package var bytesPerSecond: Int? = nil

    package init() {}
}

/// Decides what goes wrong with the requests of one route, on all event loops. A route without faults has none, so that
/// requests are only asked whether it is nil.
package final class FaultInjector: Sendable {
    private struct Fault: Sendable {
        let name: String
        let kind: FaultConfiguration.Kind
        let delay: FaultDelay
        let status: Int
        let rate: Int
        /// Names and values in bytes; a value of nil is any.
        let headers: [(name: [UInt8], value: [UInt8]?)]
        let choice: FaultChoice
    }

    private let faults: [Fault]

    /// Nil if there are no faults.
    package init?(_ table: NamedTable<FaultConfiguration>) {
        guard !table.isEmpty else { return nil }
        faults = table.map { name, fault in
            Fault(
                name: name, kind: fault.kind, delay: FaultDelay(fault.delay, jitter: fault.jitter),
                status: fault.status, rate: fault.rate.bytes,
                headers: fault.header.map { name, value in
                    (Array(name.utf8), value == FaultConfiguration.anyValue ? nil : Array(value.utf8))
                }, choice: FaultChoice(fault.selection))
        }
    }

    /// What goes wrong with a request; nil if nothing does. Delays of several faults are added; of several ends the
    /// first counts, of several rates the lowest.
    package func plan(_ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>) -> FaultPlan? {
        var plan: FaultPlan?
        for fault in faults where Self.concerns(fault, head, bytes) {
            guard var random = fault.choice.next() else { continue }
            var changed = plan ?? FaultPlan()
            switch fault.kind {
            case .delay: changed.delayNanoseconds += fault.delay.next(&random)
            case .abort: changed.end = changed.end ?? .status(fault.status)
            case .reset: changed.end = changed.end ?? .reset
            case .throttle: changed.bytesPerSecond = min(changed.bytesPerSecond ?? .max, fault.rate)
            }
            plan = changed
        }
        return plan
    }

    /// How many requests each fault has hit, by its name.
    package var hits: [(fault: String, count: Int)] { faults.map { ($0.name, $0.choice.hits) } }

    /// Whether a request has all the headers that a fault asks for.
    private static func concerns(
        _ fault: Fault, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        for (name, value) in fault.headers {
            var isThere = false
            for index in head.fields.indices {
                let field = head.fields[index]
                guard bytes.extracting(field.nameRange).equalsIgnoringCase(name.span) else { continue }
                isThere = value.map { bytes.extracting(field.valueRange).isSame(as: $0.span) } ?? true
                if isThere { break }
            }
            if !isThere { return false }
        }
        return true
    }
}
