// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One thing that must be so for the process to be live, started or ready.
package struct Probe: Sendable {
    package enum Outcome: Sendable, Equatable {
        case ok
        /// Why not, in a few words without a full stop.
        case failing(String)
    }

    package var name: String
    package var check: @Sendable () async -> Outcome

    package init(_ name: String, check: @escaping @Sendable () async -> Outcome) {
        self.name = name
        self.check = check
    }
}

/// The checks behind each of the three addresses that Kubernetes asks.
///
/// *Live*: the event loop answers and no engine is wedged; failing, the process is started again, so nothing that a new
/// start doesn't mend belongs here. *Started*: the API could be used by the app, once. *Ready*: the app's port is open
/// and nothing is draining.
package struct Probes: Sendable {
    package var live: [Probe]
    package var started: [Probe]
    package var ready: [Probe]

    package init(live: [Probe] = [], started: [Probe] = [], ready: [Probe] = []) {
        self.live = live
        self.started = started
        self.ready = ready
    }
}

/// Runs checks beside each other, and gives a verdict also when one of them hangs.
///
/// A check that hangs is what a liveness probe is there to find, so it is abandoned after `patience`; until it returns
/// it isn't started again, however often somebody asks.
final class ProbeRun: Sendable {
    /// Below the second that the kubelet waits by default.
    static let patience = Duration.milliseconds(800)

    private struct Check {
        var task: Task<Probe.Outcome, Never>
        var start: ContinuousClock.Instant
    }

    private let probes: [Probe]
    private let running = Mutex<[Int: Check]>([:])

    init(_ probes: [Probe]) { self.probes = probes }

    /// The outcome of each check, in the order of their declaration.
    func results() async -> [(name: String, outcome: Probe.Outcome)] {
        await withTaskGroup { group in
            for (index, probe) in probes.enumerated() {
                group.addTask { (index, await self.outcome(of: probe, index)) }
            }
            var results = probes.map { (name: $0.name, outcome: Probe.Outcome.ok) }
            for await (index, outcome) in group { results[index].outcome = outcome }
            return results
        }
    }

    /// The first of two: what the check says, or that it is late.
    private func outcome(of probe: Probe, _ index: Int) async -> Probe.Outcome {
        let late = Probe.Outcome.failing("no answer within \(Self.patience)")
        let check = running.withLock { running in
            let check = running[index] ?? start(probe, index)
            running[index] = check
            return check
        }
        let rest = Self.patience - check.start.duration(to: .now)
        guard rest > .zero else { return late }
        let (outcomes, outcome) = AsyncStream.makeStream(of: Probe.Outcome.self)
        // Unstructured: a task group would wait for the check that hangs.
        Task { outcome.yield(await check.task.value) }
        let timer = Task {
            try await Task.sleep(for: rest)
            outcome.yield(late)
        }
        defer { timer.cancel() }
        for await first in outcomes { return first }
        return late
    }

    /// Called with the lock held, so the task's own removal comes after it is put down.
    private func start(_ probe: Probe, _ index: Int) -> Check {
        let task = Task {
            let outcome = await probe.check()
            running.withLock { $0[index] = nil }
            return outcome
        }
        return Check(task: task, start: .now)
    }
}
